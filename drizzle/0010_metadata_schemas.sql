CREATE TABLE "destination_schemas" (
	"account" text PRIMARY KEY NOT NULL,
	"schema" jsonb,
	"read_at" timestamp with time zone NOT NULL
);
