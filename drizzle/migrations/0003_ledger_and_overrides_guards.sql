CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE ON ledger_entries FOR EACH ROW EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
CREATE TRIGGER ledger_entries_no_truncate BEFORE TRUNCATE ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
CREATE TRIGGER reserve_overrides_append_only BEFORE UPDATE OR DELETE ON reserve_overrides FOR EACH ROW EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
CREATE TRIGGER reserve_overrides_no_truncate BEFORE TRUNCATE ON reserve_overrides FOR EACH STATEMENT EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
CREATE TRIGGER stops_no_truncate BEFORE TRUNCATE ON stops FOR EACH STATEMENT EXECUTE FUNCTION ballast_refuse();
--> statement-breakpoint
-- Looked at when the transaction commits: a posting that does not sum to zero at each of its positions takes everything back with it.
CREATE FUNCTION ballast_posting_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT 1 FROM ledger_entries WHERE posting = NEW.posting GROUP BY venue, asset HAVING sum(amount) <> 0) THEN
		RAISE EXCEPTION 'posting % (%) does not sum to zero', NEW.posting, NEW.event;
	END IF;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ballast_posting_balances();
