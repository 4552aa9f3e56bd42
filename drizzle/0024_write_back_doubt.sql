ALTER TABLE "write_backs" ADD COLUMN "in_doubt" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
UPDATE "write_backs" SET "in_doubt" = (SELECT coalesce(jsonb_agg(attribute), '[]') FROM jsonb_object_keys("wanted") AS attribute) WHERE "uncertain";
