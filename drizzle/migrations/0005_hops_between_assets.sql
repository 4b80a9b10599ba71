CREATE TABLE "request_budgets" (
	"service" text PRIMARY KEY NOT NULL,
	"next_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "hops" ADD COLUMN "asset" text;--> statement-breakpoint
ALTER TABLE "hops" ADD COLUMN "to_asset" text;--> statement-breakpoint
-- Until now no hop changed the asset. The audit log is told, so that replaying it gives what the rows say.
DO $$
BEGIN
	PERFORM set_config('ballast.actor', 'migration', true), set_config('ballast.reason', 'hops name their assets', true);
	UPDATE "hops" SET "asset" = leg."asset", "to_asset" = leg."asset" FROM "rebalance_operations" leg WHERE leg."id" = "hops"."leg_id";
	PERFORM set_config('ballast.actor', '', true), set_config('ballast.reason', '', true);
END $$;--> statement-breakpoint
ALTER TABLE "hops" ALTER COLUMN "asset" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "hops" ALTER COLUMN "to_asset" SET NOT NULL;
