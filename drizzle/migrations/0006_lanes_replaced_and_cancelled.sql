CREATE TABLE "lane_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"venue" text NOT NULL,
	"signer" text NOT NULL,
	"event" text NOT NULL,
	"effect_id" uuid,
	"actor" text NOT NULL,
	"reason" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "lane_events_event" CHECK ("event" in ('frozen', 'thawed', 'cancel_requested', 'spent_by'))
);
--> statement-breakpoint
ALTER TABLE "effects" ADD COLUMN "cancel_requested_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "effects" ADD COLUMN "foreign_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "effects" ADD COLUMN "spent_by" text;--> statement-breakpoint
ALTER TABLE "signer_lanes" ADD COLUMN "mined" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "signer_lanes" ADD COLUMN "foreign_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "lane_events" ADD CONSTRAINT "lane_events_effect_id_effects_id_fk" FOREIGN KEY ("effect_id") REFERENCES "public"."effects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE TRIGGER lane_events_append_only BEFORE UPDATE OR DELETE ON lane_events FOR EACH ROW EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
CREATE TRIGGER lane_events_no_truncate BEFORE TRUNCATE ON lane_events FOR EACH STATEMENT EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
-- Every attempt on a nonce does the same, but for an empty transaction that an operator has asked for.
CREATE FUNCTION ballast_same_payload() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	effect record;
BEGIN
	SELECT payload_hash, cancel_requested_at INTO effect FROM effects WHERE id = NEW.effect_id;
	IF NEW.cancels AND effect.cancel_requested_at IS NULL THEN
		RAISE EXCEPTION 'effect % is not to be cancelled: no cancel was requested', NEW.effect_id;
	END IF;
	IF NOT NEW.cancels AND NEW.payload_hash IS DISTINCT FROM effect.payload_hash THEN
		RAISE EXCEPTION 'effect % has another payload than attempt %', NEW.effect_id, NEW.hash;
	END IF;
	RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER attempts_same_payload BEFORE INSERT ON attempts FOR EACH ROW EXECUTE FUNCTION ballast_same_payload();
--> statement-breakpoint
CREATE FUNCTION ballast_freeze_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF (OLD.hash, OLD.effect_id, OLD.raw, OLD.payload_hash, OLD.cancels)
		IS DISTINCT FROM (NEW.hash, NEW.effect_id, NEW.raw, NEW.payload_hash, NEW.cancels) THEN
		RAISE EXCEPTION 'attempt % is signed: its bytes are frozen', OLD.hash;
	END IF;
	RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER attempts_frozen BEFORE UPDATE ON attempts FOR EACH ROW EXECUTE FUNCTION ballast_freeze_attempt();
