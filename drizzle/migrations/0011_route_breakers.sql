CREATE TABLE "route_breakers" (
	"route" text PRIMARY KEY NOT NULL,
	"state" text DEFAULT 'closed' NOT NULL,
	"word" text DEFAULT 'auto' NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"lates" integer DEFAULT 0 NOT NULL,
	"openings" integer DEFAULT 0 NOT NULL,
	"retry_at" timestamp with time zone,
	"trial_leg" uuid,
	"reason" text,
	"actor" text,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "route_breakers_state" CHECK ("state" in ('closed', 'open', 'half_open')),
	CONSTRAINT "route_breakers_word" CHECK ("word" in ('auto', 'off', 'on')),
	CONSTRAINT "route_breakers_counts" CHECK (failures >= 0 and lates >= 0 and openings >= 0),
	CONSTRAINT "route_breakers_retry" CHECK ((state = 'closed') = (retry_at is null)),
	CONSTRAINT "route_breakers_one_trial" CHECK ((state = 'half_open') = (trial_leg is not null))
);
--> statement-breakpoint
CREATE TABLE "route_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"route" text NOT NULL,
	"event" text NOT NULL,
	"leg_id" uuid,
	"actor" text NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "route_events_event" CHECK ("event" in ('opened', 'tried', 'untried', 'closed', 'switched_off', 'switched_on', 'released'))
);
--> statement-breakpoint
ALTER TABLE "hops" ADD COLUMN "late_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "route_breakers" ADD CONSTRAINT "route_breakers_trial_leg_rebalance_operations_id_fk" FOREIGN KEY ("trial_leg") REFERENCES "public"."rebalance_operations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "route_events" ADD CONSTRAINT "route_events_leg_id_rebalance_operations_id_fk" FOREIGN KEY ("leg_id") REFERENCES "public"."rebalance_operations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "route_breakers_trial" ON "route_breakers" USING btree ("trial_leg") WHERE trial_leg is not null;--> statement-breakpoint
CREATE INDEX "route_events_route" ON "route_events" USING btree ("route","id");--> statement-breakpoint
CREATE TRIGGER route_events_append_only BEFORE UPDATE OR DELETE ON route_events FOR EACH ROW EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
CREATE TRIGGER route_events_no_truncate BEFORE TRUNCATE ON route_events FOR EACH STATEMENT EXECUTE FUNCTION ballast_refuse();
