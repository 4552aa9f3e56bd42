CREATE TABLE "read_counts" (
	"source" text PRIMARY KEY NOT NULL,
	"received" bigint DEFAULT 0 NOT NULL,
	"changed" bigint DEFAULT 0 NOT NULL,
	"unchanged" bigint DEFAULT 0 NOT NULL,
	"superseded" bigint DEFAULT 0 NOT NULL,
	"filtered" bigint DEFAULT 0 NOT NULL,
	"rejected" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "read_counts_balance" CHECK ("read_counts"."received" = "read_counts"."changed" + "read_counts"."unchanged" + "read_counts"."superseded" + "read_counts"."filtered" + "read_counts"."rejected")
);
