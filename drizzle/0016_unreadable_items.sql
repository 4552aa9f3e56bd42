ALTER TABLE "inbox" DROP CONSTRAINT "inbox_balance";--> statement-breakpoint
UPDATE "inbox" SET "counts" = "counts" - 'refused' || jsonb_build_object('unreadable', "counts" -> 'refused')
WHERE jsonb_exists("counts", 'refused');--> statement-breakpoint
ALTER TABLE "inbox" ADD CONSTRAINT "inbox_balance" CHECK ("inbox"."state" <> 'opened' or ("inbox"."counts" ->> 'items')::int = ("inbox"."counts" ->> 'duplicates')::int + ("inbox"."counts" ->> 'ignored')::int + ("inbox"."counts" ->> 'unreadable')::int + ("inbox"."counts" ->> 'taken')::int);