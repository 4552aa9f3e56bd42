ALTER TABLE "breaker_counts" RENAME COLUMN "what" TO "change";--> statement-breakpoint
ALTER TABLE "customers" RENAME COLUMN "left" TO "orphaned";--> statement-breakpoint
ALTER TABLE "customers" RENAME COLUMN "kept" TO "deletion_refused";--> statement-breakpoint
ALTER TABLE "holds" RENAME COLUMN "what" TO "change";--> statement-breakpoint
DROP INDEX "holds_open";--> statement-breakpoint
ALTER TABLE "breaker_counts" DROP CONSTRAINT "breaker_counts_scope_what_pk";--> statement-breakpoint
ALTER TABLE "breaker_counts" ADD CONSTRAINT "breaker_counts_scope_change_pk" PRIMARY KEY("scope","change");--> statement-breakpoint
CREATE UNIQUE INDEX "holds_open" ON "holds" USING btree ("source_id","change") WHERE "holds"."decided_at" is null;--> statement-breakpoint
UPDATE "runs" SET "report" = jsonb_set("report" #- '{customers,left}', '{customers,orphaned}', "report" #> '{customers,left}')
WHERE jsonb_exists("report" -> 'customers', 'left');--> statement-breakpoint
UPDATE "forecasts" SET "forecast" = jsonb_set("forecast", '{quotas}', (
	SELECT coalesce(jsonb_agg(quota - 'left' || jsonb_build_object('budget', quota -> 'left') ORDER BY place), '[]')
	FROM jsonb_array_elements("forecast" -> 'quotas') WITH ORDINALITY AS lines (quota, place)));
