CREATE TABLE "reserve_overrides" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"venue" text NOT NULL,
	"asset" text NOT NULL,
	"amount" numeric(78,0),
	"reason_code" text NOT NULL,
	"reason" text NOT NULL,
	"actor" text NOT NULL,
	"expires_at" timestamp with time zone,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "reserve_overrides_reason_code" CHECK ("reason_code" in ('INCIDENT', 'LARGE_INVOICE', 'DRAIN', 'REFILL', 'OTHER')),
	CONSTRAINT "reserve_overrides_amount" CHECK ("amount" >= 0 and "amount" < 2::numeric ^ 256)
);
--> statement-breakpoint
CREATE TABLE "webhook_deliveries" (
	"signature" text PRIMARY KEY NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ledger_entries" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"posting" uuid NOT NULL,
	"event" text NOT NULL,
	"account" text NOT NULL,
	"venue" text NOT NULL,
	"asset" text NOT NULL,
	"amount" numeric(78,0) NOT NULL,
	"earmark_id" uuid NOT NULL,
	"leg_id" uuid,
	"tx" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "ledger_entries_account" CHECK ("account" in ('wallet', 'in_flight', 'receivable', 'bridge', 'hub'))
);
--> statement-breakpoint
DROP INDEX "demands_due";--> statement-breakpoint
ALTER TABLE "demands" ADD COLUMN "max_cost_hub" numeric(78,0);--> statement-breakpoint
ALTER TABLE "rebalance_operations" ADD COLUMN "overdue_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "receivables" ADD COLUMN "looked_up_to" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "receivables" ADD COLUMN "settled_venue" text;--> statement-breakpoint
ALTER TABLE "receivables" ADD COLUMN "settled_amount" numeric(78,0);--> statement-breakpoint
ALTER TABLE "receivables" ADD COLUMN "settled_tx" text;--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD CONSTRAINT "ledger_entries_earmark_id_earmarks_id_fk" FOREIGN KEY ("earmark_id") REFERENCES "public"."earmarks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD CONSTRAINT "ledger_entries_leg_id_rebalance_operations_id_fk" FOREIGN KEY ("leg_id") REFERENCES "public"."rebalance_operations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "reserve_overrides_latest" ON "reserve_overrides" USING btree ("venue","asset","id");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_age" ON "webhook_deliveries" USING btree ("received_at");--> statement-breakpoint
CREATE INDEX "ledger_entries_posting" ON "ledger_entries" USING btree ("posting");--> statement-breakpoint
CREATE INDEX "ledger_entries_position" ON "ledger_entries" USING btree ("venue","asset","account");--> statement-breakpoint
CREATE INDEX "demands_due" ON "demands" USING btree ("next_action_at") WHERE status in ('open', 'earmarked');