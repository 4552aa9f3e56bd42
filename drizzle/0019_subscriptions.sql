CREATE TABLE "subscriptions" (
	"source" text PRIMARY KEY NOT NULL,
	"terms" text NOT NULL,
	"attempted_at" timestamp with time zone NOT NULL,
	"renew_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone,
	"fault" text
);
