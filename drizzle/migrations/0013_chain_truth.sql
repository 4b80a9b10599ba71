CREATE TABLE "transfer_cursors" (
	"chain" text PRIMARY KEY NOT NULL,
	"block_number" bigint NOT NULL,
	"block_hash" text NOT NULL,
	"looked_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "transfers" (
	"venue" text NOT NULL,
	"asset" text NOT NULL,
	"tx" text NOT NULL,
	"chain" text NOT NULL,
	"incoming" numeric(78,0) DEFAULT 0 NOT NULL,
	"outgoing" numeric(78,0) DEFAULT 0 NOT NULL,
	"block_number" bigint NOT NULL,
	"block_hash" text,
	"is_booked" boolean DEFAULT false NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "transfers_venue_asset_tx_pk" PRIMARY KEY("venue","asset","tx"),
	CONSTRAINT "transfers_incoming" CHECK ("incoming" >= 0 and "incoming" < 2::numeric ^ 256),
	CONSTRAINT "transfers_outgoing" CHECK ("outgoing" >= 0 and "outgoing" < 2::numeric ^ 256)
);
--> statement-breakpoint
ALTER TABLE "ledger_entries" DROP CONSTRAINT "ledger_entries_account";--> statement-breakpoint
ALTER TABLE "ledger_entries" ALTER COLUMN "earmark_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "balance_snapshots" ADD COLUMN "settled_amount" numeric(78,0);--> statement-breakpoint
ALTER TABLE "balance_snapshots" ADD COLUMN "settled_block" bigint;--> statement-breakpoint
ALTER TABLE "balance_snapshots" ADD COLUMN "watched_from" bigint;--> statement-breakpoint
ALTER TABLE "balance_snapshots" ADD COLUMN "opened_block" bigint;--> statement-breakpoint
CREATE INDEX "transfers_chain" ON "transfers" USING btree ("chain","block_number");--> statement-breakpoint
CREATE INDEX "transfers_tx" ON "transfers" USING btree ("tx");--> statement-breakpoint
CREATE INDEX "transfers_unbooked" ON "transfers" USING btree ("chain","block_number") WHERE not is_booked;--> statement-breakpoint
CREATE INDEX "ledger_entries_tx" ON "ledger_entries" USING btree ("tx");--> statement-breakpoint
ALTER TABLE "balance_snapshots" ADD CONSTRAINT "balance_snapshots_settled_amount" CHECK ("settled_amount" >= 0 and "settled_amount" < 2::numeric ^ 256);--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD CONSTRAINT "ledger_entries_account" CHECK ("account" in ('wallet', 'in_flight', 'receivable', 'fees', 'external', 'bridge', 'hub', 'swap'));