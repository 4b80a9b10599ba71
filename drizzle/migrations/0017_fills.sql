CREATE TABLE "fill_keeper" (
	"name" text PRIMARY KEY NOT NULL,
	"holder" text NOT NULL,
	"until" timestamp with time zone NOT NULL,
	CONSTRAINT "fill_keeper_name" CHECK ("name" in ('fills'))
);
--> statement-breakpoint
CREATE TABLE "fill_positions" (
	"venue" text NOT NULL,
	"asset" text NOT NULL,
	"confirmed" numeric(78,0),
	"block_number" bigint,
	"block_hash" text,
	"pending_buy" numeric(78,0) NOT NULL,
	"pending_sell" numeric(78,0) NOT NULL,
	"bought" numeric(78,0),
	"sellable" numeric(78,0),
	"strangers" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"late_count" integer DEFAULT 0 NOT NULL,
	"api" numeric(78,0),
	"api_at" timestamp with time zone,
	"source" text NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "fill_positions_venue_asset_pk" PRIMARY KEY("venue","asset"),
	CONSTRAINT "fill_positions_confirmed" CHECK ("confirmed" >= 0 and "confirmed" < 2::numeric ^ 256),
	CONSTRAINT "fill_positions_source" CHECK ("source" in ('chain', 'api'))
);
--> statement-breakpoint
CREATE TABLE "fill_reports" (
	"phase" text NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"venue" text NOT NULL,
	"asset" text NOT NULL,
	"looks" integer DEFAULT 0 NOT NULL,
	"unread" integer DEFAULT 0 NOT NULL,
	"mismatches" integer DEFAULT 0 NOT NULL,
	"compared" integer DEFAULT 0 NOT NULL,
	"differed" integer DEFAULT 0 NOT NULL,
	"worst" numeric(78,0) DEFAULT 0 NOT NULL,
	"heard" integer DEFAULT 0 NOT NULL,
	"absorbed" integer DEFAULT 0 NOT NULL,
	"failed" integer DEFAULT 0 NOT NULL,
	"expired" integer DEFAULT 0 NOT NULL,
	"late" integer DEFAULT 0 NOT NULL,
	"unexplained" numeric(78,0) DEFAULT 0 NOT NULL,
	"settle_ms" bigint DEFAULT 0 NOT NULL,
	"settle_ms_most" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "fill_reports_phase_hour_venue_asset_pk" PRIMARY KEY("phase","hour","venue","asset"),
	CONSTRAINT "fill_reports_phase" CHECK ("phase" in ('shadow', 'authoritative', 'degrade'))
);
--> statement-breakpoint
CREATE TABLE "health_log" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"market" text NOT NULL,
	"before" text,
	"after" text NOT NULL,
	"actor" text NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "health_recoveries" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"market" text NOT NULL,
	"actor" text NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"taken_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "market_health" (
	"market" text PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"reason" text NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"gate" jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "market_health_state" CHECK ("state" in ('normal', 'degraded', 'halted'))
);
--> statement-breakpoint
CREATE TABLE "pending_fills" (
	"id" text PRIMARY KEY NOT NULL,
	"trade" text NOT NULL,
	"order_id" text NOT NULL,
	"bucket" integer NOT NULL,
	"venue" text NOT NULL,
	"asset" text NOT NULL,
	"side" text NOT NULL,
	"amount" numeric(78,0) NOT NULL,
	"status" text NOT NULL,
	"channel" text NOT NULL,
	"hashes" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"parts" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"number" bigint NOT NULL,
	"traded_at" timestamp with time zone NOT NULL,
	"first_seen_at" timestamp with time zone NOT NULL,
	"was_late" boolean DEFAULT false NOT NULL,
	"dropped_at" bigint,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pending_fills_status" CHECK ("status" in ('pending', 'absorbed', 'failed', 'expired', 'late')),
	CONSTRAINT "pending_fills_channel" CHECK ("channel" in ('matched', 'retrying', 'mined', 'confirmed', 'failed')),
	CONSTRAINT "pending_fills_side" CHECK ("side" in ('buy', 'sell')),
	CONSTRAINT "pending_fills_amount" CHECK ("amount" >= 0 and "amount" < 2::numeric ^ 256)
);
--> statement-breakpoint
CREATE INDEX "health_log_market" ON "health_log" USING btree ("market","id");--> statement-breakpoint
CREATE INDEX "pending_fills_number" ON "pending_fills" USING btree ("number");--> statement-breakpoint
CREATE INDEX "pending_fills_waiting" ON "pending_fills" USING btree ("venue","asset") WHERE status = 'pending';
--> statement-breakpoint
CREATE TRIGGER health_log_append_only BEFORE UPDATE OR DELETE ON health_log FOR EACH ROW EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
CREATE TRIGGER health_log_no_truncate BEFORE TRUNCATE ON health_log FOR EACH STATEMENT EXECUTE FUNCTION ballast_refuse();
