-- The audit log is written by triggers, so that no code path can forget it: every change of an earmark, leg, hop or hold
-- becomes a row in the same transaction, with the actor and reason that the transaction has declared.
CREATE FUNCTION ballast_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	bookkeeping constant text[] := array['next_action_at', 'generation', 'version', 'created_at', 'updated_at'];
	old_state jsonb := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) - bookkeeping END;
	new_state jsonb := to_jsonb(NEW) - bookkeeping;
	earmark uuid;
	last record;
	actor text := nullif(current_setting('ballast.actor', true), '');
	reason text := nullif(current_setting('ballast.reason', true), '');
	entry text;
BEGIN
	IF old_state IS NOT DISTINCT FROM new_state THEN RETURN NULL; END IF;
	IF actor IS NULL OR reason IS NULL THEN
		RAISE EXCEPTION 'a change of % needs an actor and a reason in its transaction', TG_TABLE_NAME;
	END IF;
	earmark := CASE TG_TABLE_NAME
		WHEN 'earmarks' THEN (new_state->>'id')::uuid
		WHEN 'hops' THEN (SELECT earmark_id FROM rebalance_operations WHERE id = (new_state->>'leg_id')::uuid)
		ELSE (new_state->>'earmark_id')::uuid
	END;
	-- One writer per chain at a time; the statement after the lock sees what the writer before has committed.
	PERFORM pg_advisory_xact_lock(hashtextextended('earmark_audit_log:' || earmark::text, 0));
	SELECT seq, hash INTO last FROM earmark_audit_log WHERE earmark_id = earmark ORDER BY seq DESC LIMIT 1;
	entry := concat_ws('|', coalesce(last.hash, ''), earmark, coalesce(last.seq, 0) + 1, TG_TABLE_NAME, new_state->>'id', actor, reason,
		coalesce(old_state::text, ''), new_state::text);
	INSERT INTO earmark_audit_log (earmark_id, seq, entity, entity_id, actor, reason, before, after, previous_hash, hash)
	VALUES (earmark, coalesce(last.seq, 0) + 1, TG_TABLE_NAME, (new_state->>'id')::uuid, actor, reason, old_state, new_state,
		coalesce(last.hash, ''), encode(sha256(convert_to(entry, 'UTF8')), 'hex'));
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER earmarks_audit AFTER INSERT OR UPDATE ON earmarks FOR EACH ROW EXECUTE FUNCTION ballast_audit();
--> statement-breakpoint
CREATE TRIGGER rebalance_operations_audit AFTER INSERT OR UPDATE ON rebalance_operations FOR EACH ROW EXECUTE FUNCTION ballast_audit();
--> statement-breakpoint
CREATE TRIGGER hops_audit AFTER INSERT OR UPDATE ON hops FOR EACH ROW EXECUTE FUNCTION ballast_audit();
--> statement-breakpoint
CREATE TRIGGER holds_audit AFTER INSERT OR UPDATE ON holds FOR EACH ROW EXECUTE FUNCTION ballast_audit();
--> statement-breakpoint
CREATE FUNCTION ballast_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% on % is refused: its rows are kept for ever', TG_OP, TG_TABLE_NAME;
END $$;
--> statement-breakpoint
CREATE TRIGGER earmark_audit_log_append_only BEFORE UPDATE OR DELETE ON earmark_audit_log FOR EACH ROW EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
CREATE TRIGGER earmark_audit_log_no_truncate BEFORE TRUNCATE ON earmark_audit_log FOR EACH STATEMENT EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
CREATE TRIGGER stops_append_only BEFORE UPDATE OR DELETE ON stops FOR EACH ROW EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
CREATE TRIGGER attempts_kept BEFORE DELETE ON attempts FOR EACH ROW EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
-- The same for the rows that the audit log speaks of: they end by a status or a soft delete, never by a DELETE.
CREATE TRIGGER earmarks_kept BEFORE DELETE ON earmarks FOR EACH ROW EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
CREATE TRIGGER effects_kept BEFORE DELETE ON effects FOR EACH ROW EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
-- Once a nonce has committed, what it does can never change, and a nonce can never be taken back.
CREATE FUNCTION ballast_freeze_payload() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF OLD.nonce IS NOT NULL AND (OLD.nonce, OLD.venue, OLD.signer, OLD.target, OLD.calldata, OLD.value, OLD.payload_hash)
		IS DISTINCT FROM (NEW.nonce, NEW.venue, NEW.signer, NEW.target, NEW.calldata, NEW.value, NEW.payload_hash) THEN
		RAISE EXCEPTION 'effect % has nonce %: its payload is frozen', OLD.id, OLD.nonce;
	END IF;
	RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER effects_frozen_payload BEFORE UPDATE ON effects FOR EACH ROW EXECUTE FUNCTION ballast_freeze_payload();
--> statement-breakpoint
CREATE FUNCTION ballast_lane_rises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.next < OLD.next THEN RAISE EXCEPTION 'lane % of % cannot fall from % to %', OLD.venue, OLD.signer, OLD.next, NEW.next; END IF;
	RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER signer_lanes_rise BEFORE UPDATE ON signer_lanes FOR EACH ROW EXECUTE FUNCTION ballast_lane_rises();
--> statement-breakpoint
-- A hint for the relay; the one-second poll is the guarantee.
CREATE FUNCTION ballast_notify_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_notify('ballast_outbox', '');
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER outbox_notify AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION ballast_notify_outbox();
