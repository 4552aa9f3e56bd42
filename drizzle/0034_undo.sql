CREATE TABLE "spared_values" (
	"run_id" bigint NOT NULL,
	"source_id" text NOT NULL,
	"field" text NOT NULL,
	"because" text NOT NULL,
	"by" text NOT NULL,
	CONSTRAINT "spared_values_run_id_source_id_field_pk" PRIMARY KEY("run_id","source_id","field"),
	CONSTRAINT "spared_values_because" CHECK ("spared_values"."because" in ('changed later', 'pinned', 'drifted', 'created', 'merged', 'returned', 'not mapped'))
);
--> statement-breakpoint
ALTER TABLE "pins" ALTER COLUMN "value" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "customers" ADD COLUMN "created_run_id" bigint;--> statement-breakpoint
ALTER TABLE "customers" ADD COLUMN "withheld_by" bigint;--> statement-breakpoint
ALTER TABLE "pins" ADD COLUMN "undo_run_id" bigint;--> statement-breakpoint
ALTER TABLE "pins" ADD COLUMN "instead_of" jsonb;--> statement-breakpoint
ALTER TABLE "revisions" ADD COLUMN "orphaned" boolean;--> statement-breakpoint
CREATE INDEX "customers_withheld" ON "customers" USING btree ("source_id") WHERE "customers"."withheld_by" is not null;--> statement-breakpoint
CREATE INDEX "pins_undo" ON "pins" USING btree ("undo_run_id") WHERE "pins"."undo_run_id" is not null;--> statement-breakpoint
CREATE INDEX "revisions_run" ON "revisions" USING btree ((("cause" ->> 'runId')::bigint),"source_id") WHERE "revisions"."cause" ->> 'runId' is not null;--> statement-breakpoint
ALTER TABLE "pins" ADD CONSTRAINT "pins_value" CHECK ("pins"."undo_run_id" is not null or ("pins"."value" is not null and "pins"."instead_of" is null));