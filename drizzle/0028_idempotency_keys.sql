CREATE TABLE "idempotency_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"request" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"lease" uuid NOT NULL,
	"lease_until" timestamp with time zone NOT NULL,
	"status" smallint,
	"answer" "bytea",
	CONSTRAINT "idempotency_keys_answered" CHECK (("idempotency_keys"."status" is null) = ("idempotency_keys"."answer" is null))
);
--> statement-breakpoint
CREATE INDEX "idempotency_keys_age" ON "idempotency_keys" USING btree ("created_at");