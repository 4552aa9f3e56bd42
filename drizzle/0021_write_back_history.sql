CREATE TABLE "write_back_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "write_back_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"source" text NOT NULL,
	"source_id" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"event" text NOT NULL,
	"revision" integer NOT NULL,
	"sent_at" timestamp with time zone,
	"attributes" jsonb,
	"message" text,
	CONSTRAINT "write_back_events_event" CHECK ("write_back_events"."event" in ('wanted', 'acknowledged', 'rejected', 'failed', 'unknown', 'unlinked'))
);
--> statement-breakpoint
CREATE INDEX "write_back_events_source_id" ON "write_back_events" USING btree ("source_id","at");--> statement-breakpoint
CREATE INDEX "write_back_events_at" ON "write_back_events" USING btree ("at");