CREATE TABLE "destination_censuses" (
	"account" text PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"cursor" jsonb,
	"total" bigint,
	"nameless" bigint DEFAULT 0 NOT NULL,
	"created_since" timestamp with time zone NOT NULL,
	"updated_since" timestamp with time zone NOT NULL,
	"lease" uuid,
	"leased_until" timestamp with time zone,
	CONSTRAINT "destination_censuses_lease" CHECK (("destination_censuses"."lease" is null) = ("destination_censuses"."leased_until" is null))
);
--> statement-breakpoint
CREATE TABLE "destination_customers" (
	"source_id" text PRIMARY KEY NOT NULL,
	"fields" jsonb,
	"read_at" timestamp with time zone NOT NULL
);
