CREATE TABLE "destination_segments" (
	"account" text PRIMARY KEY NOT NULL,
	"segments" jsonb NOT NULL,
	"read_at" timestamp with time zone,
	"asked_at" timestamp with time zone NOT NULL,
	"fault" text
);
