-- Earlier versions stored the settings of webhook sources with their mapping, and with them the credentials.
UPDATE "mappings" SET "definition" = "definition" #- '{settings,authentication}' #- '{settings,handshake}'
WHERE "definition" ->> 'connector' = 'webhook';
