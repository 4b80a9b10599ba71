CREATE TABLE "cache_copies" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"namespace" text NOT NULL,
	"source" text NOT NULL,
	"phase" text,
	"cursor" text,
	"copied" bigint DEFAULT 0 NOT NULL,
	"removed" bigint DEFAULT 0 NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone,
	CONSTRAINT "cache_copies_source" CHECK ("source" in ('redis', 'postgres'))
);
--> statement-breakpoint
CREATE TABLE "cache_marks" (
	"namespace" text NOT NULL,
	"key" "bytea" NOT NULL,
	"entity" text NOT NULL,
	"token" text NOT NULL,
	"seq" bigserial NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "cache_marks_key_namespace_pk" PRIMARY KEY("key","namespace"),
	CONSTRAINT "cache_marks_key" CHECK ("key" = sha256(convert_to("entity", 'UTF8')))
);
--> statement-breakpoint
CREATE TABLE "cache_phase_log" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"namespace" text NOT NULL,
	"actor" text NOT NULL,
	"reason" text NOT NULL,
	"before" text,
	"after" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cache_quarantine" (
	"namespace" text NOT NULL,
	"kind" text NOT NULL,
	"key" "bytea" GENERATED ALWAYS AS (sha256("entity")) STORED NOT NULL,
	"entity" "bytea" NOT NULL,
	"raw" "bytea",
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "cache_quarantine_key_kind_namespace_pk" PRIMARY KEY("key","kind","namespace")
);
--> statement-breakpoint
CREATE TABLE "cache_states" (
	"namespace" text PRIMARY KEY NOT NULL,
	"phase" text,
	"floor" integer DEFAULT 0 NOT NULL,
	"mirroring" boolean DEFAULT false NOT NULL,
	"paused" text,
	"differences" bigint DEFAULT 0 NOT NULL,
	"cleared_by" text,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "cache_states_phase" CHECK ("phase" in ('redis', 'dual-write', 'dual-read', 'postgres', 'done')),
	CONSTRAINT "cache_states_floor" CHECK ("floor" >= 0 and "floor" < 5),
	CONSTRAINT "cache_states_paused" CHECK ("paused" in ('0', '1')),
	CONSTRAINT "cache_states_namespace" CHECK (octet_length(namespace) between 1 and 1000)
);
--> statement-breakpoint
CREATE TABLE "cached_rebalances" (
	"namespace" text NOT NULL,
	"key" "bytea" NOT NULL,
	"id" text NOT NULL,
	"route" text,
	"transaction" text,
	"action" text,
	"operation_id" uuid,
	"removed_by" text,
	"removed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "cached_rebalances_key_namespace_pk" PRIMARY KEY("key","namespace"),
	CONSTRAINT "cached_rebalances_key" CHECK ("key" = sha256(convert_to("id", 'UTF8'))),
	CONSTRAINT "cached_rebalances_removed" CHECK ((removed_by is null) = (removed_at is null)),
	CONSTRAINT "cached_rebalances_whole" CHECK (case when removed_by is null then num_nulls("route", "transaction", "action", "operation_id") = 0
					else num_nonnulls("route", "transaction", "action") = 0 end)
);
--> statement-breakpoint
CREATE TABLE "cached_withdrawals" (
	"namespace" text NOT NULL,
	"key" "bytea" NOT NULL,
	"deposit_transaction" text NOT NULL,
	"record" text,
	"removed_by" text,
	"removed_at" timestamp with time zone,
	CONSTRAINT "cached_withdrawals_key_namespace_pk" PRIMARY KEY("key","namespace"),
	CONSTRAINT "cached_withdrawals_key" CHECK ("key" = sha256(convert_to("deposit_transaction", 'UTF8')))
);
--> statement-breakpoint
DROP INDEX "rebalance_operations_earmark";--> statement-breakpoint
DROP INDEX "rebalance_operations_due";--> statement-breakpoint
ALTER TABLE "rebalance_operations" ALTER COLUMN "earmark_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "rebalance_operations" ALTER COLUMN "route" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "rebalance_operations" ALTER COLUMN "send" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "rebalance_operations" ALTER COLUMN "receive" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "cached_rebalances" ADD CONSTRAINT "cached_rebalances_operation_id_rebalance_operations_id_fk" FOREIGN KEY ("operation_id") REFERENCES "public"."rebalance_operations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "cache_copies_namespace" ON "cache_copies" USING btree ("namespace","started_at");--> statement-breakpoint
CREATE INDEX "cache_marks_order" ON "cache_marks" USING btree ("seq","namespace");--> statement-breakpoint
CREATE INDEX "cache_phase_log_namespace" ON "cache_phase_log" USING btree ("namespace","id");--> statement-breakpoint
CREATE INDEX "cached_rebalances_route" ON "cached_rebalances" USING btree (hashtextextended(route, hashtextextended(namespace, 0)));--> statement-breakpoint
CREATE INDEX "cached_rebalances_transaction" ON "cached_rebalances" USING btree (hashtextextended(transaction, hashtextextended(namespace, 0)));--> statement-breakpoint
CREATE INDEX "cached_rebalances_operation" ON "cached_rebalances" USING btree ("operation_id") WHERE operation_id is not null;--> statement-breakpoint
CREATE INDEX "cached_rebalances_ended" ON "cached_rebalances" USING btree ("namespace") WHERE removed_at is not null and operation_id is not null;--> statement-breakpoint
CREATE INDEX "cached_rebalances_removed" ON "cached_rebalances" USING btree ("removed_at") WHERE removed_at is not null;--> statement-breakpoint
CREATE INDEX "cached_withdrawals_removed" ON "cached_withdrawals" USING btree ("removed_at") WHERE record is null;--> statement-breakpoint
CREATE INDEX "holds_leg" ON "holds" USING btree ("leg_id") WHERE leg_id is not null;--> statement-breakpoint
CREATE INDEX "ledger_entries_leg" ON "ledger_entries" USING btree ("leg_id") WHERE leg_id is not null;--> statement-breakpoint
CREATE INDEX "route_events_leg" ON "route_events" USING btree ("leg_id") WHERE leg_id is not null;--> statement-breakpoint
CREATE INDEX "rebalance_operations_earmark" ON "rebalance_operations" USING btree ("earmark_id") WHERE earmark_id is not null;--> statement-breakpoint
CREATE INDEX "rebalance_operations_due" ON "rebalance_operations" USING btree ("next_action_at") WHERE earmark_id is not null and "status" in ('planned', 'sending', 'in_flight');--> statement-breakpoint
ALTER TABLE "rebalance_operations" ADD CONSTRAINT "rebalance_operations_earmarked" CHECK (earmark_id is null or num_nulls(route, send, receive) = 0);--> statement-breakpoint
-- What the cache was told of belongs to no earmark, and no log speaks of it.
DROP TRIGGER rebalance_operations_audit ON rebalance_operations;
--> statement-breakpoint
CREATE TRIGGER rebalance_operations_audit AFTER INSERT OR UPDATE ON rebalance_operations
	FOR EACH ROW WHEN (NEW.earmark_id IS NOT NULL) EXECUTE FUNCTION ballast_audit();
--> statement-breakpoint
-- A leg stays the leg of its earmark, and a row that is none never becomes one.
CREATE FUNCTION ballast_earmark_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the earmark of operation % is never changed', OLD.id;
END $$;
--> statement-breakpoint
CREATE TRIGGER rebalance_operations_earmark_stays BEFORE UPDATE OF earmark_id ON rebalance_operations
	FOR EACH ROW WHEN (OLD.earmark_id IS DISTINCT FROM NEW.earmark_id) EXECUTE FUNCTION ballast_earmark_stays();
--> statement-breakpoint
CREATE TRIGGER cache_phase_log_append_only BEFORE UPDATE OR DELETE ON cache_phase_log FOR EACH ROW EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
CREATE TRIGGER cache_phase_log_no_truncate BEFORE TRUNCATE ON cache_phase_log FOR EACH STATEMENT EXECUTE FUNCTION ballast_refuse();
