ALTER TABLE "balance_snapshots" DROP CONSTRAINT "balance_snapshots_unclaimed";--> statement-breakpoint
ALTER TABLE "balance_snapshots" DROP COLUMN "unclaimed";