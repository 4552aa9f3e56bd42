CREATE TABLE "batch_items" (
	"batch_id" uuid NOT NULL,
	"part" integer NOT NULL,
	"items" jsonb NOT NULL,
	CONSTRAINT "batch_items_batch_id_part_pk" PRIMARY KEY("batch_id","part")
);
--> statement-breakpoint
INSERT INTO "batch_items" SELECT "id", 0, "items" FROM "batches";--> statement-breakpoint
ALTER TABLE "batches" DROP COLUMN "items";