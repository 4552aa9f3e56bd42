CREATE TABLE "acknowledgements" (
	"source_id" text PRIMARY KEY NOT NULL,
	"revision" integer NOT NULL,
	"fields" jsonb NOT NULL,
	"acknowledged_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "batches" (
	"id" uuid PRIMARY KEY NOT NULL,
	"action_id" text NOT NULL,
	"items" jsonb NOT NULL,
	"submitted_at" timestamp with time zone NOT NULL,
	"polls" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"lease" uuid
);
--> statement-breakpoint
CREATE TABLE "breaker_counts" (
	"scope" text NOT NULL,
	"what" text NOT NULL,
	"count" integer NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "breaker_counts_scope_what_pk" PRIMARY KEY("scope","what")
);
--> statement-breakpoint
CREATE TABLE "checkpoints" (
	"source" text NOT NULL,
	"stream" text NOT NULL,
	"reader" text NOT NULL,
	"cursor" jsonb NOT NULL,
	"rested_at" timestamp with time zone,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "checkpoints_source_stream_reader_pk" PRIMARY KEY("source","stream","reader")
);
--> statement-breakpoint
CREATE TABLE "customers" (
	"source_id" text PRIMARY KEY NOT NULL,
	"revision" integer NOT NULL,
	"fields" jsonb NOT NULL,
	"dropped" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"left" boolean DEFAULT false NOT NULL,
	"kept" boolean DEFAULT false NOT NULL,
	"clash" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "dead_letters" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "dead_letters_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"source" text NOT NULL,
	"stream" text DEFAULT '' NOT NULL,
	"ref" text NOT NULL,
	"run_id" bigint,
	"code" text NOT NULL,
	"message" text NOT NULL,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"times" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"last_at" timestamp with time zone NOT NULL,
	"settled_at" timestamp with time zone,
	CONSTRAINT "dead_letters_kind" CHECK ("dead_letters"."kind" in ('inbox', 'record', 'delivery'))
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"source_id" text PRIMARY KEY NOT NULL,
	"revision" integer NOT NULL,
	"acknowledged" integer,
	"state" text DEFAULT 'waiting' NOT NULL,
	"lane" smallint NOT NULL,
	"due_at" timestamp with time zone,
	"waiting_since" timestamp with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"uncertain" boolean DEFAULT false NOT NULL,
	"lease" uuid,
	"batch_id" uuid,
	"delivered_at" timestamp with time zone,
	"error_code" text,
	"error" text,
	CONSTRAINT "deliveries_state" CHECK ("deliveries"."state" in ('waiting', 'held', 'delivered', 'dead')),
	CONSTRAINT "deliveries_due_at" CHECK (("deliveries"."state" = 'waiting') = ("deliveries"."due_at" is not null)),
	CONSTRAINT "deliveries_waiting_since" CHECK (("deliveries"."state" = 'delivered') = ("deliveries"."waiting_since" is null)),
	CONSTRAINT "deliveries_acknowledged" CHECK ("deliveries"."state" <> 'delivered' or "deliveries"."acknowledged" = "deliveries"."revision")
);
--> statement-breakpoint
CREATE TABLE "erasures" (
	"id" uuid PRIMARY KEY NOT NULL,
	"subject" text NOT NULL,
	"source_id" text,
	"permanent" boolean NOT NULL,
	"answers" jsonb NOT NULL,
	"requested_at" timestamp with time zone NOT NULL,
	"due_at" timestamp with time zone,
	"lease" uuid,
	"attempts" integer DEFAULT 0 NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "erasures_ended" CHECK (("erasures"."ended_at" is not null) = ("erasures"."source_id" is null))
);
--> statement-breakpoint
CREATE TABLE "holds" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "holds_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"source_id" text NOT NULL,
	"source" text NOT NULL,
	"run_id" bigint,
	"what" text NOT NULL,
	"from" jsonb,
	"held_at" timestamp with time zone NOT NULL,
	"decided_at" timestamp with time zone,
	"decision" text,
	CONSTRAINT "holds_decided" CHECK (("holds"."decided_at" is null) = ("holds"."decision" is null))
);
--> statement-breakpoint
CREATE TABLE "mappings" (
	"source" text PRIMARY KEY NOT NULL,
	"fingerprint" text NOT NULL,
	"properties" jsonb NOT NULL,
	"mapped_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "pauses" (
	"name" text PRIMARY KEY NOT NULL,
	"cause" text NOT NULL,
	"reason" text NOT NULL,
	"paused_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "pins" (
	"source_id" text NOT NULL,
	"field" text NOT NULL,
	"value" jsonb NOT NULL,
	"note" text NOT NULL,
	"pinned_at" timestamp with time zone NOT NULL,
	CONSTRAINT "pins_source_id_field_pk" PRIMARY KEY("source_id","field")
);
--> statement-breakpoint
CREATE TABLE "quota_slices" (
	"id" uuid PRIMARY KEY NOT NULL,
	"account" text NOT NULL,
	"quota" text NOT NULL,
	"slots" integer NOT NULL,
	"holder" uuid NOT NULL,
	"free_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "quota_states" (
	"account" text NOT NULL,
	"quota" text NOT NULL,
	"exhausted_until" timestamp with time zone,
	"limit_seen" integer,
	"remaining_seen" integer,
	"seen_at" timestamp with time zone,
	CONSTRAINT "quota_states_account_quota_pk" PRIMARY KEY("account","quota")
);
--> statement-breakpoint
CREATE TABLE "records" (
	"source" text NOT NULL,
	"stream" text NOT NULL,
	"record_id" text NOT NULL,
	"source_id" text,
	"changed_at" timestamp with time zone NOT NULL,
	"deleted_at" timestamp with time zone,
	"hash" text NOT NULL,
	"body" jsonb NOT NULL,
	"filtered" text,
	"faults" jsonb,
	"good" jsonb,
	"merged_into" text,
	"unmerged_from" text,
	"run_id" bigint,
	"received_at" timestamp with time zone NOT NULL,
	CONSTRAINT "records_source_stream_record_id_pk" PRIMARY KEY("source","stream","record_id")
);
--> statement-breakpoint
CREATE TABLE "revisions" (
	"source_id" text NOT NULL,
	"revision" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"changed" jsonb NOT NULL,
	"cause" jsonb NOT NULL,
	CONSTRAINT "revisions_source_id_revision_pk" PRIMARY KEY("source_id","revision")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "runs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"source" text NOT NULL,
	"mode" text NOT NULL,
	"lane" smallint NOT NULL,
	"trigger" text NOT NULL,
	"slot" timestamp with time zone,
	"request" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"state" text DEFAULT 'requested' NOT NULL,
	"requested_at" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"pages" integer DEFAULT 0 NOT NULL,
	"received" bigint DEFAULT 0 NOT NULL,
	"changed" bigint DEFAULT 0 NOT NULL,
	"unchanged" bigint DEFAULT 0 NOT NULL,
	"superseded" bigint DEFAULT 0 NOT NULL,
	"filtered" bigint DEFAULT 0 NOT NULL,
	"rejected" bigint DEFAULT 0 NOT NULL,
	"customers" bigint DEFAULT 0 NOT NULL,
	"expected" bigint,
	"step" text,
	"report" jsonb,
	"error" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"lease" uuid,
	"leased_until" timestamp with time zone,
	"cancel_requested_at" timestamp with time zone,
	CONSTRAINT "runs_state" CHECK ("runs"."state" in ('requested', 'finished', 'failed', 'cancelled')),
	CONSTRAINT "runs_ended" CHECK (("runs"."state" <> 'requested') = ("runs"."ended_at" is not null)),
	CONSTRAINT "runs_balance" CHECK ("runs"."state" <> 'finished' or "runs"."received" = "runs"."changed" + "runs"."unchanged" + "runs"."superseded" + "runs"."filtered" + "runs"."rejected")
);
--> statement-breakpoint
CREATE TABLE "suppressions" (
	"hash" text PRIMARY KEY NOT NULL,
	"erased_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "swept_records" (
	"run_id" bigint NOT NULL,
	"stream" text NOT NULL,
	"record_id" text NOT NULL,
	CONSTRAINT "swept_records_run_id_stream_record_id_pk" PRIMARY KEY("run_id","stream","record_id")
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"host" text NOT NULL,
	"pid" integer NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "batches_due" ON "batches" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "customers_updated" ON "customers" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "customers_clash" ON "customers" USING btree ("source_id") WHERE "customers"."clash";--> statement-breakpoint
CREATE INDEX "customers_email" ON "customers" USING btree (("fields" ->> 'email'));--> statement-breakpoint
CREATE UNIQUE INDEX "dead_letters_open" ON "dead_letters" USING btree ("kind","source","stream","ref") WHERE "dead_letters"."settled_at" is null;--> statement-breakpoint
CREATE INDEX "deliveries_due" ON "deliveries" USING btree ("lane","due_at") WHERE "deliveries"."state" = 'waiting' and "deliveries"."batch_id" is null;--> statement-breakpoint
CREATE INDEX "deliveries_batch" ON "deliveries" USING btree ("batch_id") WHERE "deliveries"."batch_id" is not null;--> statement-breakpoint
CREATE INDEX "deliveries_dead" ON "deliveries" USING btree ("source_id") WHERE "deliveries"."state" = 'dead';--> statement-breakpoint
CREATE INDEX "erasures_due" ON "erasures" USING btree ("due_at") WHERE "erasures"."ended_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "holds_open" ON "holds" USING btree ("source_id","what") WHERE "holds"."decided_at" is null;--> statement-breakpoint
CREATE INDEX "holds_run" ON "holds" USING btree ("run_id") WHERE "holds"."decided_at" is null;--> statement-breakpoint
CREATE INDEX "quota_slices_account" ON "quota_slices" USING btree ("account","quota","free_at");--> statement-breakpoint
CREATE INDEX "records_source_id" ON "records" USING btree ("source_id") WHERE "records"."source_id" is not null;--> statement-breakpoint
CREATE INDEX "records_faulty" ON "records" USING btree ("source") WHERE "records"."faults" is not null;--> statement-breakpoint
CREATE INDEX "records_merged" ON "records" USING btree ("source","stream","merged_into") WHERE "records"."merged_into" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "runs_slot" ON "runs" USING btree ("source","slot");--> statement-breakpoint
CREATE UNIQUE INDEX "runs_one_going" ON "runs" USING btree ("source","mode") WHERE "runs"."state" = 'requested' and "runs"."mode" in ('incremental', 'full', 'remap') and "runs"."request" ->> 'dryRun' is null;--> statement-breakpoint
CREATE INDEX "runs_due" ON "runs" USING btree ("due_at") WHERE "runs"."state" = 'requested';--> statement-breakpoint
CREATE INDEX "runs_recent" ON "runs" USING btree ("source","id");