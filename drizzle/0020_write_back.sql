CREATE TABLE "facts" (
	"source_id" text PRIMARY KEY NOT NULL,
	"groups" jsonb NOT NULL,
	"clocks" jsonb NOT NULL,
	"changed_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "walks" (
	"name" text PRIMARY KEY NOT NULL,
	"fingerprint" text NOT NULL,
	"cursor" jsonb,
	"began_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"rounds" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp with time zone,
	"lease" uuid
);
--> statement-breakpoint
CREATE TABLE "write_back_jobs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"vendor_id" text,
	"items" jsonb NOT NULL,
	"submitted_at" timestamp with time zone NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"polls" integer DEFAULT 0 NOT NULL,
	"lost" boolean DEFAULT false NOT NULL,
	"lease" uuid
);
--> statement-breakpoint
CREATE TABLE "write_backs" (
	"source" text NOT NULL,
	"source_id" text NOT NULL,
	"wanted" jsonb NOT NULL,
	"revision" integer NOT NULL,
	"acknowledged" jsonb,
	"acknowledged_revision" integer,
	"record_id" text,
	"state" text NOT NULL,
	"lane" smallint NOT NULL,
	"due_at" timestamp with time zone,
	"waiting_since" timestamp with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"uncertain" boolean DEFAULT false NOT NULL,
	"alone" boolean DEFAULT false NOT NULL,
	"lease" uuid,
	"job_id" uuid,
	"changed_at" timestamp with time zone,
	"freshness_ms" bigint,
	"delivered_at" timestamp with time zone,
	"error_code" text,
	"error" text,
	CONSTRAINT "write_backs_source_source_id_pk" PRIMARY KEY("source","source_id"),
	CONSTRAINT "write_backs_state" CHECK ("write_backs"."state" in ('unlinked', 'waiting', 'delivered', 'dead')),
	CONSTRAINT "write_backs_due_at" CHECK (("write_backs"."state" = 'waiting') = ("write_backs"."due_at" is not null))
);
--> statement-breakpoint
ALTER TABLE "dead_letters" DROP CONSTRAINT "dead_letters_kind";--> statement-breakpoint
CREATE INDEX "write_backs_due" ON "write_backs" USING btree ("source","lane","due_at") WHERE "write_backs"."state" = 'waiting' and "write_backs"."job_id" is null;--> statement-breakpoint
CREATE INDEX "write_backs_source_id" ON "write_backs" USING btree ("source_id");--> statement-breakpoint
CREATE INDEX "write_backs_job" ON "write_backs" USING btree ("job_id") WHERE "write_backs"."job_id" is not null;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD CONSTRAINT "dead_letters_kind" CHECK ("dead_letters"."kind" in ('inbox', 'record', 'delivery', 'writeBack'));