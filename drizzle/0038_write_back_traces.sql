ALTER TABLE "write_back_jobs" ADD COLUMN "traceparent" text;--> statement-breakpoint
ALTER TABLE "write_backs" ADD COLUMN "traceparent" text;