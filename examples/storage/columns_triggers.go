package main

import "strings"

// The triggers of the columns layout notice writers that do not know of sync. Such a writer
// changes values and nothing else, so an update that keeps seq is foreign: the server takes a
// new sequence for each save.
//
// A foreign update keeps the stamps, so they belong to the old values. The trigger moves these to
// the document was, as {"title": [value, time, client]}: the first one of each column, if it is
// changed more than once. A row with a document is dirty. Until the server has stamped the new
// values, pulls and pushes read the record from the old ones: see scanColumns and foreign.go.
//
// A foreign insert has no stamps, and gets an empty document. A foreign delete writes the column
// deleted instead. The server's columns are closed to foreign writers.
//
// The names begin with z, because PostgreSQL runs triggers in the order of their names: a trigger
// of the application that changes a value must run first.

// triggersSQLite creates the triggers. A trigger in SQLite cannot change the row that is about to
// be stored, so these update it afterwards. The column list of z_sync_update keeps it from firing
// itself. Values are compared as bytes, whatever the collation of their column.
//
// The server replaces the triggers at each start: an earlier version may have made them for fewer columns.
func triggersSQLite() string {
	return `
			CREATE TABLE IF NOT EXISTS replaced (id TEXT PRIMARY KEY) STRICT; -- see z_sync_replace
			CREATE TABLE IF NOT EXISTS marking (id TEXT PRIMARY KEY) STRICT;  -- the row whose was a trigger writes
			DROP TRIGGER IF EXISTS z_sync_closed_insert;
			DROP TRIGGER IF EXISTS z_sync_insert;
			DROP TRIGGER IF EXISTS z_sync_closed_update;
			DROP TRIGGER IF EXISTS z_sync_update;
			DROP TRIGGER IF EXISTS z_sync_delete;
			DROP TRIGGER IF EXISTS z_sync_replace;
			DROP TRIGGER IF EXISTS z_sync_replaced;` + markUnstamped() + `
			CREATE TRIGGER z_sync_closed_insert BEFORE INSERT ON tasks
			WHEN (NEW.seq <= 0 OR ` + orOf("NEW.{c} IS NOT NULL AND NEW.{c}_at IS NULL") + `)
				AND (NEW.seq <> 0 OR NEW.rest IS NOT NULL OR NEW.was IS NOT NULL
					OR ` + orOf("NEW.{c}_at IS NOT NULL OR NEW.{c}_by IS NOT NULL") + `)
			BEGIN
				SELECT RAISE(ABORT, '` + closed + `');
			END;
			CREATE TRIGGER z_sync_insert AFTER INSERT ON tasks
			WHEN ` + orOf("NEW.{c} IS NOT NULL AND NEW.{c}_at IS NULL") + `
			BEGIN
				INSERT INTO marking VALUES (NEW.id);
				UPDATE tasks SET was = '{}' WHERE id = NEW.id;
				DELETE FROM marking;
			END;
			CREATE TRIGGER z_sync_closed_update BEFORE UPDATE ON tasks
			WHEN NEW.seq <= OLD.seq AND (NEW.id <> OLD.id OR NEW.seq <> OLD.seq OR NEW.rest IS NOT OLD.rest
				OR NEW.was IS NOT OLD.was AND NOT EXISTS (SELECT 1 FROM marking WHERE id = OLD.id)
				OR ` + orOf("NEW.{c}_at IS NOT OLD.{c}_at OR NEW.{c}_by IS NOT OLD.{c}_by") + `)
			BEGIN
				SELECT RAISE(ABORT, '` + closed + `');
			END;
			CREATE TRIGGER z_sync_update AFTER UPDATE OF ` + each("{c}", ", ") + ` ON tasks
			WHEN NEW.seq <= OLD.seq AND ` + orOf("NEW.{c} IS NOT OLD.{c} COLLATE BINARY") + `
			BEGIN
				INSERT INTO marking VALUES (NEW.id);` + each(`
				UPDATE tasks SET was = json_insert(coalesce(was, '{}'), '$.{c}', json_array(
					iif(typeof(OLD.{c}) = 'blob', NULL, OLD.{c}), OLD.{c}_at, OLD.{c}_by)) -- no blob has a stamp
				WHERE id = NEW.id AND NEW.{c} IS NOT OLD.{c} COLLATE BINARY;`, "") + `
				DELETE FROM marking;
			END;
			CREATE TRIGGER z_sync_delete BEFORE DELETE ON tasks WHEN OLD.seq > 0
			BEGIN
				UPDATE tasks SET deleted = 1 WHERE id = OLD.id;
				SELECT RAISE(IGNORE);
			END;
			-- INSERT OR REPLACE deletes the old row, with its stamps, and fires no trigger for that.
			CREATE TRIGGER z_sync_replace BEFORE INSERT ON tasks WHEN NEW.seq <= 0
			BEGIN
				INSERT INTO replaced SELECT id FROM tasks
				WHERE id = NEW.id AND seq > 0 AND NOT EXISTS (SELECT 1 FROM replaced WHERE id = NEW.id);
			END;
			CREATE TRIGGER z_sync_replaced AFTER INSERT ON tasks
			WHEN NEW.seq <= 0 AND EXISTS (SELECT 1 FROM replaced WHERE id = NEW.id)
			BEGIN
				SELECT RAISE(ABORT, 'INSERT OR REPLACE would drop the stamps of the row: use ON CONFLICT (id) DO UPDATE');
			END;`
}

// triggersPostgres creates the triggers. The foreign writer may have another search path and no
// right to UPDATE, so the function that deletes has the path and the rights of its creator. The
// triggers run for logical replication as well, which sets session_replication_role. Values are
// compared as texts under "C": other collations may take texts that differ for equal.
func triggersPostgres() string {
	return `
			CREATE OR REPLACE FUNCTION z_sync_closed() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN
				RAISE EXCEPTION '` + closed + `';
			END $$;
			CREATE OR REPLACE FUNCTION z_sync_insert() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN
				NEW.was := '{}';
				RETURN NEW;
			END $$;
			CREATE OR REPLACE FUNCTION z_sync_update() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN` + each(`
				IF NEW.{c}::text COLLATE "C" IS DISTINCT FROM OLD.{c}::text COLLATE "C" THEN
					NEW.was := jsonb_build_object('{c}', jsonb_build_array(OLD.{c}, OLD.{c}_at, OLD.{c}_by))
						|| coalesce(NEW.was, '{}'); -- the right side wins
				END IF;`, "") + `
				RETURN NEW;
			END $$;
			CREATE OR REPLACE FUNCTION z_sync_delete() RETURNS trigger LANGUAGE plpgsql
			SECURITY DEFINER SET search_path FROM CURRENT AS $$
			BEGIN
				UPDATE tasks SET deleted = true WHERE id = OLD.id;
				RETURN NULL;
			END $$;
			CREATE OR REPLACE TRIGGER z_sync_closed_insert BEFORE INSERT ON tasks FOR EACH ROW
			WHEN ((NEW.seq <= 0 OR ` + orOf("NEW.{c} IS NOT NULL AND NEW.{c}_at IS NULL") + `)
				AND (NEW.seq <> 0 OR NEW.rest IS NOT NULL OR NEW.was IS NOT NULL
					OR ` + orOf("NEW.{c}_at IS NOT NULL OR NEW.{c}_by IS NOT NULL") + `))
			EXECUTE FUNCTION z_sync_closed();
			CREATE OR REPLACE TRIGGER z_sync_insert BEFORE INSERT ON tasks FOR EACH ROW
			WHEN (` + orOf("NEW.{c} IS NOT NULL AND NEW.{c}_at IS NULL") + `)
			EXECUTE FUNCTION z_sync_insert();
			CREATE OR REPLACE TRIGGER z_sync_closed_update BEFORE UPDATE ON tasks FOR EACH ROW
			WHEN (NEW.seq <= OLD.seq AND (NEW.id <> OLD.id OR NEW.seq <> OLD.seq
				OR NEW.rest::text IS DISTINCT FROM OLD.rest::text OR NEW.was IS DISTINCT FROM OLD.was
				OR ` + orOf("NEW.{c}_at IS DISTINCT FROM OLD.{c}_at OR NEW.{c}_by IS DISTINCT FROM OLD.{c}_by") + `))
			EXECUTE FUNCTION z_sync_closed();
			CREATE OR REPLACE TRIGGER z_sync_update BEFORE UPDATE ON tasks FOR EACH ROW
			WHEN (NEW.seq <= OLD.seq) EXECUTE FUNCTION z_sync_update();
			CREATE OR REPLACE TRIGGER z_sync_delete BEFORE DELETE ON tasks FOR EACH ROW
			WHEN (OLD.seq > 0) EXECUTE FUNCTION z_sync_delete();
			CREATE OR REPLACE TRIGGER z_sync_truncate BEFORE TRUNCATE ON tasks EXECUTE FUNCTION z_sync_closed();
			ALTER TABLE tasks DISABLE TRIGGER z_sync_closed_update; -- other programs wait for this transaction
			` + markUnstamped() + `
			ALTER TABLE tasks ENABLE ALWAYS TRIGGER z_sync_closed_insert, ENABLE ALWAYS TRIGGER z_sync_insert,
				ENABLE ALWAYS TRIGGER z_sync_closed_update, ENABLE ALWAYS TRIGGER z_sync_update,
				ENABLE ALWAYS TRIGGER z_sync_delete, ENABLE ALWAYS TRIGGER z_sync_truncate;`
}

// markUnstamped marks the rows with values that no trigger has noticed, because they are older than the
// triggers, or because their column did not sync before. A save of such a row would drop these values.
// Each start reads the whole table for this.
func markUnstamped() string {
	return `
			UPDATE tasks SET was = '{}' WHERE was IS NULL AND ` + orOf("{c} IS NOT NULL AND {c}_at IS NULL") + `;`
}

// closed is the message to a foreign writer that changes a column of the server.
const closed = `only the sync server writes id, seq, rest, was and the stamp columns of a task, and removes rows`

// each returns the template for each column with a stamp. In the template, {c} is the column.
func each(template, separator string) string {
	var all []string
	for _, c := range stampedColumns() {
		all = append(all, strings.ReplaceAll(template, "{c}", c.name))
	}
	return strings.Join(all, separator)
}

// orOf returns a condition that holds if the template holds for a column.
func orOf(template string) string { return "(" + each(template, " OR ") + ")" }
