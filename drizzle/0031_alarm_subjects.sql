ALTER TABLE "alarms" ADD COLUMN "subject" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "alarms" DROP CONSTRAINT "alarms_pkey";--> statement-breakpoint
ALTER TABLE "alarms" ADD CONSTRAINT "alarms_state_subject_pk" PRIMARY KEY("state","subject");