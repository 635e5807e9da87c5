package recipes

import "github.com/fieldlww/fieldlww/record"

// Task is a task as version 2 of an app knows it. Version 1 has no urgency, and version 3 may have
// fields and urgencies that this version does not know. All of them write the same records:
//
//   - A default belongs in a method like Shown, and not in the record or in the struct. Written into
//     the record, it would look like a choice by a person, and win over the real choice that somebody
//     made earlier while offline. Filled into the struct, it would be written with the next change,
//     because record.Edit.SetStruct writes each member that differs from its field.
//   - SetStruct writes only what changed, so fields that a version does not know stay as they are.
//   - A field keeps its type and its meaning in all versions. A new meaning gets a new name; package
//     record/lens lets old clients see it under the old name.
//   - A member of type record.Value takes every kind of value. With a string, a number that a later
//     version writes would make the whole record unreadable for Record.Struct.
type Task struct {
	Title   string       `lww:"title"`
	Urgency record.Value `lww:"urgency"` // since version 2: low, normal or high
}

// DefaultUrgency is the urgency of a task that has none, because an older version made it, or because
// somebody cleared it.
const DefaultUrgency = "normal"

// UrgencyShown returns the urgency to show. It reports false for one that this version does not know:
// show a placeholder, and leave the field alone until the user chooses another urgency.
func (t Task) UrgencyShown() (urgency string, known bool) {
	switch t.Urgency.Kind() {
	case record.KindNull, record.KindDeleted: // null also stands for an absent field here
		return DefaultUrgency, true
	}
	text, _ := t.Urgency.Text()
	switch text {
	case "low", "normal", "high":
		return text, true
	}
	return "", false
}
