CREATE TABLE "coverage" (
	"source" text NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"channel" text NOT NULL,
	"changes" integer NOT NULL,
	"lags" jsonb NOT NULL,
	CONSTRAINT "coverage_source_hour_channel_pk" PRIMARY KEY("source","hour","channel")
);
--> statement-breakpoint
CREATE TABLE "destination_traits" (
	"account" text PRIMARY KEY NOT NULL,
	"answers" jsonb NOT NULL,
	"probed_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "drifts" (
	"source_id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"fields" jsonb NOT NULL,
	"by" text NOT NULL,
	"found_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "forecasts" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "forecasts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"made_at" timestamp with time zone NOT NULL,
	"request" jsonb NOT NULL,
	"forecast" jsonb NOT NULL,
	"run_id" bigint,
	"actual" jsonb
);
--> statement-breakpoint
CREATE TABLE "freshness" (
	"lane" smallint NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"deliveries" integer NOT NULL,
	"lags" jsonb NOT NULL,
	CONSTRAINT "freshness_hour_lane_pk" PRIMARY KEY("hour","lane")
);
--> statement-breakpoint
CREATE TABLE "inbox" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "inbox_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"source" text NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"received_at" timestamp with time zone NOT NULL,
	"method" text NOT NULL,
	"query" jsonb NOT NULL,
	"headers" jsonb NOT NULL,
	"body" "bytea" NOT NULL,
	"due_at" timestamp with time zone,
	"opened_at" timestamp with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"counts" jsonb,
	"error" text,
	"erase" boolean DEFAULT false NOT NULL,
	CONSTRAINT "inbox_state" CHECK ("inbox"."state" in ('waiting', 'opened', 'dead')),
	CONSTRAINT "inbox_due_at" CHECK (("inbox"."state" = 'waiting') = ("inbox"."due_at" is not null)),
	CONSTRAINT "inbox_opened_at" CHECK (("inbox"."state" = 'opened') = ("inbox"."opened_at" is not null)),
	CONSTRAINT "inbox_balance" CHECK ("inbox"."state" <> 'opened' or ("inbox"."counts" ->> 'items')::int = ("inbox"."counts" ->> 'duplicates')::int + ("inbox"."counts" ->> 'ignored')::int + ("inbox"."counts" ->> 'refused')::int + ("inbox"."counts" ->> 'taken')::int),
	CONSTRAINT "inbox_record_balance" CHECK ("inbox"."state" <> 'opened' or ("inbox"."counts" ->> 'received')::int = ("inbox"."counts" ->> 'changed')::int + ("inbox"."counts" ->> 'unchanged')::int + ("inbox"."counts" ->> 'superseded')::int + ("inbox"."counts" ->> 'filtered')::int + ("inbox"."counts" ->> 'rejected')::int)
);
--> statement-breakpoint
CREATE TABLE "item_keys" (
	"source" text NOT NULL,
	"key" text NOT NULL,
	"inbox_id" bigint NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "item_keys_source_key_pk" PRIMARY KEY("source","key")
);
--> statement-breakpoint
CREATE TABLE "quota_spend" (
	"account" text NOT NULL,
	"quota" text NOT NULL,
	"lane" smallint NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"calls" integer NOT NULL,
	"refused" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "quota_spend_account_quota_hour_lane_pk" PRIMARY KEY("account","quota","hour","lane")
);
--> statement-breakpoint
CREATE TABLE "touches" (
	"source" text NOT NULL,
	"stream" text NOT NULL,
	"record_id" text NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	"gone" text,
	"since" timestamp with time zone NOT NULL,
	"times" integer DEFAULT 1 NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"lease" uuid,
	"attempts" integer DEFAULT 0 NOT NULL,
	"alone" boolean DEFAULT false NOT NULL,
	"error" text,
	CONSTRAINT "touches_source_stream_record_id_pk" PRIMARY KEY("source","stream","record_id")
);
--> statement-breakpoint
CREATE TABLE "verifications" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "verifications_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"state" text DEFAULT 'requested' NOT NULL,
	"request" jsonb NOT NULL,
	"requested_at" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"cursor" jsonb,
	"report" jsonb,
	"error" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp with time zone,
	"lease" uuid,
	"leased_until" timestamp with time zone,
	"previous_hash" text,
	"hash" text,
	CONSTRAINT "verifications_state" CHECK ("verifications"."state" in ('requested', 'finished', 'failed')),
	CONSTRAINT "verifications_ended" CHECK (("verifications"."state" <> 'requested') = ("verifications"."ended_at" is not null)),
	CONSTRAINT "verifications_hash" CHECK ("verifications"."state" <> 'finished' or "verifications"."hash" is not null)
);
--> statement-breakpoint
CREATE TABLE "verified_customers" (
	"verification_id" bigint NOT NULL,
	"source_id" text NOT NULL,
	CONSTRAINT "verified_customers_verification_id_source_id_pk" PRIMARY KEY("verification_id","source_id")
);
--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "changed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "freshness_ms" bigint;--> statement-breakpoint
ALTER TABLE "quota_states" ADD COLUMN "learned_share" real;--> statement-breakpoint
ALTER TABLE "quota_states" ADD COLUMN "learned_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "records" ADD COLUMN "clocks" jsonb;--> statement-breakpoint
CREATE INDEX "drifts_found" ON "drifts" USING btree ("found_at");--> statement-breakpoint
CREATE INDEX "inbox_due" ON "inbox" USING btree ("source","id") WHERE "inbox"."state" = 'waiting';--> statement-breakpoint
CREATE INDEX "inbox_dead" ON "inbox" USING btree ("source","id") WHERE "inbox"."state" = 'dead';--> statement-breakpoint
CREATE INDEX "inbox_over" ON "inbox" USING btree ("opened_at") WHERE "inbox"."state" = 'opened';--> statement-breakpoint
CREATE INDEX "item_keys_expired" ON "item_keys" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "touches_due" ON "touches" USING btree ("source","stream","due_at");--> statement-breakpoint
CREATE INDEX "verifications_due" ON "verifications" USING btree ("due_at") WHERE "verifications"."state" = 'requested';