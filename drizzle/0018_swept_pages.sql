DELETE FROM "swept_records";--> statement-breakpoint
ALTER TABLE "swept_records" DROP CONSTRAINT "swept_records_run_id_stream_record_id_pk";--> statement-breakpoint
ALTER TABLE "swept_records" ADD COLUMN "first" boolean NOT NULL;--> statement-breakpoint
ALTER TABLE "swept_records" ADD COLUMN "record_ids" text[] NOT NULL;--> statement-breakpoint
ALTER TABLE "swept_records" DROP COLUMN "record_id";