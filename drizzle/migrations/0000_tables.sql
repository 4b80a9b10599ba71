CREATE TABLE "demands" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"kind" text NOT NULL,
	"external_id" text NOT NULL,
	"asset" text NOT NULL,
	"status" text DEFAULT 'open' NOT NULL,
	"destinations" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"reason" text,
	"reason_detail" text,
	"enqueued_at" timestamp with time zone NOT NULL,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"evaluated_at" timestamp with time zone,
	"next_action_at" timestamp with time zone DEFAULT now() NOT NULL,
	"generation" integer DEFAULT 0 NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "demands_kind" CHECK ("kind" in ('invoice', 'imbalance', 'surplus', 'reserve')),
	CONSTRAINT "demands_status" CHECK ("status" in ('open', 'earmarked', 'settled', 'gone'))
);
--> statement-breakpoint
CREATE TABLE "invoices" (
	"demand_id" uuid PRIMARY KEY NOT NULL,
	"intent_id" text NOT NULL,
	"owner" text NOT NULL,
	"ticker_hash" text NOT NULL,
	"origin" text NOT NULL,
	"destinations" jsonb NOT NULL,
	"amount_hub" numeric(78,0) NOT NULL,
	"discount_bps" text NOT NULL,
	"hub_status" text NOT NULL,
	"listed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "invoices_intent_id_unique" UNIQUE("intent_id"),
	CONSTRAINT "invoices_amount_hub" CHECK ("amount_hub" >= 0 and "amount_hub" < 2::numeric ^ 256)
);
--> statement-breakpoint
CREATE TABLE "earmark_audit_log" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"earmark_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"entity" text NOT NULL,
	"entity_id" uuid NOT NULL,
	"actor" text NOT NULL,
	"reason" text NOT NULL,
	"before" jsonb,
	"after" jsonb,
	"previous_hash" text NOT NULL,
	"hash" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "earmark_audit_log_order" UNIQUE("earmark_id","seq")
);
--> statement-breakpoint
CREATE TABLE "earmarks" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"demand_id" uuid NOT NULL,
	"asset" text NOT NULL,
	"venue" text NOT NULL,
	"amount" numeric(78,0) NOT NULL,
	"status" text DEFAULT 'planned' NOT NULL,
	"plan" jsonb NOT NULL,
	"reason" text,
	"generation" integer DEFAULT 1 NOT NULL,
	"next_action_at" timestamp with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "earmarks_status" CHECK ("status" in ('planned', 'moving', 'settling', 'compensating', 'settled', 'cancelled')),
	CONSTRAINT "earmarks_amount" CHECK ("amount" >= 0 and "amount" < 2::numeric ^ 256)
);
--> statement-breakpoint
CREATE TABLE "holds" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"earmark_id" uuid NOT NULL,
	"leg_id" uuid,
	"venue" text NOT NULL,
	"asset" text NOT NULL,
	"amount" numeric(78,0) NOT NULL,
	"state" text NOT NULL,
	"left_at_block" bigint,
	"version" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "holds_state" CHECK ("state" in ('inbound', 'confirmed', 'pending_out', 'released')),
	CONSTRAINT "holds_amount" CHECK ("amount" >= 0 and "amount" < 2::numeric ^ 256)
);
--> statement-breakpoint
CREATE TABLE "hops" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"leg_id" uuid NOT NULL,
	"index" integer NOT NULL,
	"bridge" text NOT NULL,
	"origin" text NOT NULL,
	"destination" text NOT NULL,
	"send" numeric(78,0) NOT NULL,
	"receive" numeric(78,0) NOT NULL,
	"delivered" numeric(78,0),
	"delivered_tx" text,
	"status" text DEFAULT 'planned' NOT NULL,
	"seconds" integer NOT NULL,
	"evidence" jsonb,
	"proof" jsonb,
	"version" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "hops_order" UNIQUE("leg_id","index"),
	CONSTRAINT "hops_status" CHECK ("status" in ('planned', 'sending', 'in_flight', 'delivered', 'returned', 'failed', 'cancelled')),
	CONSTRAINT "hops_send" CHECK ("send" >= 0 and "send" < 2::numeric ^ 256),
	CONSTRAINT "hops_receive" CHECK ("receive" >= 0 and "receive" < 2::numeric ^ 256)
);
--> statement-breakpoint
CREATE TABLE "rebalance_operations" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"earmark_id" uuid NOT NULL,
	"asset" text NOT NULL,
	"origin" text NOT NULL,
	"destination" text NOT NULL,
	"route" text NOT NULL,
	"send" numeric(78,0) NOT NULL,
	"receive" numeric(78,0) NOT NULL,
	"delivered" numeric(78,0),
	"status" text DEFAULT 'planned' NOT NULL,
	"reason" text,
	"generation" integer DEFAULT 1 NOT NULL,
	"next_action_at" timestamp with time zone DEFAULT now() NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "rebalance_operations_status" CHECK ("status" in ('planned', 'sending', 'in_flight', 'delivered', 'returned', 'failed', 'cancelled')),
	CONSTRAINT "rebalance_operations_send" CHECK ("send" >= 0 and "send" < 2::numeric ^ 256),
	CONSTRAINT "rebalance_operations_receive" CHECK ("receive" >= 0 and "receive" < 2::numeric ^ 256)
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"hash" text PRIMARY KEY NOT NULL,
	"effect_id" uuid NOT NULL,
	"raw" text NOT NULL,
	"payload_hash" text NOT NULL,
	"gas" numeric(78,0) NOT NULL,
	"max_fee_per_gas" numeric(78,0) NOT NULL,
	"max_priority_fee_per_gas" numeric(78,0) NOT NULL,
	"cancels" boolean DEFAULT false NOT NULL,
	"broadcast_at" timestamp with time zone,
	"last_error" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "effects" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"owner_kind" text NOT NULL,
	"owner_id" uuid NOT NULL,
	"hop" integer NOT NULL,
	"kind" text NOT NULL,
	"try" integer NOT NULL,
	"status" text DEFAULT 'intended' NOT NULL,
	"epoch" integer DEFAULT 0 NOT NULL,
	"venue" text NOT NULL,
	"signer" text NOT NULL,
	"target" text,
	"calldata" text,
	"gas" numeric(78,0),
	"value" numeric(78,0) DEFAULT 0 NOT NULL,
	"payload_hash" text,
	"spend_token" text,
	"spender" text,
	"spend_amount" numeric(78,0),
	"nonce" bigint,
	"refusals" integer DEFAULT 0 NOT NULL,
	"reason" text,
	"mined_hash" text,
	"mined_block" bigint,
	"mined_logs" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "effects_intent" UNIQUE("owner_kind","owner_id","hop","kind","try"),
	CONSTRAINT "effects_owner_kind" CHECK ("owner_kind" in ('leg', 'earmark')),
	CONSTRAINT "effects_kind" CHECK ("kind" in ('approve', 'reset', 'send', 'claim', 'purchase')),
	CONSTRAINT "effects_status" CHECK ("status" in ('intended', 'reserved', 'signed', 'tracking', 'confirmed', 'reverted', 'cancelled', 'dropped')),
	CONSTRAINT "effects_value" CHECK ("value" >= 0 and "value" < 2::numeric ^ 256),
	CONSTRAINT "effects_nonce_has_payload" CHECK (nonce is null or (target is not null and calldata is not null and gas is not null and payload_hash is not null)),
	CONSTRAINT "effects_past_intent_has_nonce" CHECK (status in ('intended', 'dropped') or nonce is not null)
);
--> statement-breakpoint
CREATE TABLE "signer_lanes" (
	"venue" text NOT NULL,
	"signer" text NOT NULL,
	"next" bigint NOT NULL,
	"frozen_reason" text,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "signer_lanes_venue_signer_pk" PRIMARY KEY("venue","signer")
);
--> statement-breakpoint
CREATE TABLE "balance_snapshots" (
	"venue" text NOT NULL,
	"asset" text NOT NULL,
	"amount" numeric(78,0) NOT NULL,
	"unclaimed" numeric(78,0) DEFAULT 0 NOT NULL,
	"block_number" bigint NOT NULL,
	"block_hash" text NOT NULL,
	"taken_at" timestamp with time zone NOT NULL,
	CONSTRAINT "balance_snapshots_venue_asset_pk" PRIMARY KEY("venue","asset"),
	CONSTRAINT "balance_snapshots_amount" CHECK ("amount" >= 0 and "amount" < 2::numeric ^ 256),
	CONSTRAINT "balance_snapshots_unclaimed" CHECK ("unclaimed" >= 0 and "unclaimed" < 2::numeric ^ 256)
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"topic" text NOT NULL,
	"payload" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"sent_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "receivables" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"earmark_id" uuid NOT NULL,
	"intent_id" text NOT NULL,
	"asset" text NOT NULL,
	"origin" text NOT NULL,
	"amount" numeric(78,0) NOT NULL,
	"amount_hub" numeric(78,0) NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"hub_status" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "receivables_earmark_id_unique" UNIQUE("earmark_id"),
	CONSTRAINT "receivables_intent_id_unique" UNIQUE("intent_id"),
	CONSTRAINT "receivables_status" CHECK ("status" in ('pending', 'settled', 'invoiced')),
	CONSTRAINT "receivables_amount" CHECK ("amount" >= 0 and "amount" < 2::numeric ^ 256)
);
--> statement-breakpoint
CREATE TABLE "stops" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"scope" text NOT NULL,
	"stopped" boolean NOT NULL,
	"actor" text NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_demand_id_demands_id_fk" FOREIGN KEY ("demand_id") REFERENCES "public"."demands"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "earmarks" ADD CONSTRAINT "earmarks_demand_id_demands_id_fk" FOREIGN KEY ("demand_id") REFERENCES "public"."demands"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "holds" ADD CONSTRAINT "holds_earmark_id_earmarks_id_fk" FOREIGN KEY ("earmark_id") REFERENCES "public"."earmarks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "holds" ADD CONSTRAINT "holds_leg_id_rebalance_operations_id_fk" FOREIGN KEY ("leg_id") REFERENCES "public"."rebalance_operations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "hops" ADD CONSTRAINT "hops_leg_id_rebalance_operations_id_fk" FOREIGN KEY ("leg_id") REFERENCES "public"."rebalance_operations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rebalance_operations" ADD CONSTRAINT "rebalance_operations_earmark_id_earmarks_id_fk" FOREIGN KEY ("earmark_id") REFERENCES "public"."earmarks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_effect_id_effects_id_fk" FOREIGN KEY ("effect_id") REFERENCES "public"."effects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "receivables" ADD CONSTRAINT "receivables_earmark_id_earmarks_id_fk" FOREIGN KEY ("earmark_id") REFERENCES "public"."earmarks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "demands_source" ON "demands" USING btree ("kind","external_id");--> statement-breakpoint
CREATE INDEX "demands_open" ON "demands" USING btree ("asset","enqueued_at","id") WHERE status = 'open';--> statement-breakpoint
CREATE INDEX "demands_due" ON "demands" USING btree ("next_action_at") WHERE status = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "earmarks_one_active" ON "earmarks" USING btree ("demand_id") WHERE "status" in ('planned', 'moving', 'settling', 'compensating');--> statement-breakpoint
CREATE INDEX "earmarks_due" ON "earmarks" USING btree ("next_action_at") WHERE "status" in ('planned', 'moving', 'settling', 'compensating');--> statement-breakpoint
CREATE INDEX "earmarks_page" ON "earmarks" USING btree ("created_at","id") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "holds_earmark" ON "holds" USING btree ("earmark_id");--> statement-breakpoint
CREATE INDEX "holds_active" ON "holds" USING btree ("venue","asset") WHERE state <> 'released';--> statement-breakpoint
CREATE INDEX "rebalance_operations_earmark" ON "rebalance_operations" USING btree ("earmark_id");--> statement-breakpoint
CREATE INDEX "rebalance_operations_due" ON "rebalance_operations" USING btree ("next_action_at") WHERE "status" in ('planned', 'sending', 'in_flight');--> statement-breakpoint
CREATE INDEX "attempts_effect" ON "attempts" USING btree ("effect_id");--> statement-breakpoint
CREATE UNIQUE INDEX "effects_nonce" ON "effects" USING btree ("venue","signer","nonce");--> statement-breakpoint
CREATE INDEX "effects_waiting_spend" ON "effects" USING btree ("venue","signer","spend_token","spender") WHERE nonce is null;--> statement-breakpoint
CREATE INDEX "outbox_unsent" ON "outbox" USING btree ("id") WHERE sent_at is null;--> statement-breakpoint
CREATE INDEX "receivables_pending" ON "receivables" USING btree ("created_at") WHERE status <> 'settled';--> statement-breakpoint
CREATE INDEX "stops_latest" ON "stops" USING btree ("scope","id");