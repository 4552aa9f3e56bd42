CREATE TABLE "exported_facts" (
	"source_id" text NOT NULL,
	"kind" text NOT NULL,
	"position" integer NOT NULL,
	"value" jsonb NOT NULL,
	CONSTRAINT "exported_facts_source_id_kind_position_pk" PRIMARY KEY("source_id","kind","position")
);
