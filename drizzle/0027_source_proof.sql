CREATE TABLE "checked_records" (
	"verification_id" bigint NOT NULL,
	"source" text NOT NULL,
	"stream" text NOT NULL,
	"record_id" text NOT NULL,
	"listed" boolean NOT NULL,
	"sampled" boolean DEFAULT false NOT NULL,
	"verdict" text,
	"source_id" text,
	"properties" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"changed_there" timestamp with time zone,
	"changed_here" timestamp with time zone,
	"detail" text,
	CONSTRAINT "checked_records_verification_id_source_stream_record_id_pk" PRIMARY KEY("verification_id","source","stream","record_id")
);
--> statement-breakpoint
CREATE TABLE "listed_records" (
	"verification_id" bigint NOT NULL,
	"source" text NOT NULL,
	"stream" text NOT NULL,
	"record_ids" text[] NOT NULL,
	"merged_ids" text[] NOT NULL
);
--> statement-breakpoint
ALTER TABLE "touches" ADD COLUMN "proven" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "checked_records_source_id" ON "checked_records" USING btree ("source_id") WHERE "checked_records"."source_id" is not null;