ALTER TABLE "batches" ADD COLUMN "traceparent" text;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "traceparent" text;--> statement-breakpoint
ALTER TABLE "inbox" ADD COLUMN "traceparent" text;--> statement-breakpoint
ALTER TABLE "touches" ADD COLUMN "traceparent" text;