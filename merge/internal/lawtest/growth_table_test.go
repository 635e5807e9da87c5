package lawtest

import (
	"iter"
	"maps"

	"github.com/fieldlww/fieldlww/merge"
)

// growthTable returns the measured functions. The name of an entry lists all exported functions
// that one call of it measures.
func growthTable() map[string]measured {
	all := map[string]measured{}
	maps.Copy(all, growthOfMerge())
	maps.Copy(all, growthOfRecord())
	maps.Copy(all, growthOfValues())
	maps.Copy(all, growthOfFields())
	maps.Copy(all, growthOfLens())
	maps.Copy(all, growthOfImports())
	return all
}

func forCells(m *material, do func(cell)) func() {
	return func() {
		for _, c := range m.cells {
			do(c)
		}
	}
}

func forDecisions(m *material, do func(merge.Decision)) func() {
	return func() {
		for d := range m.answer.Decisions() {
			do(d)
		}
	}
}

func drain[T any](all iter.Seq[T]) {
	for range all {
	}
}

func drain2[K, V any](all iter.Seq2[K, V]) {
	for range all {
	}
}

// withoutSize lists the functions whose input is one stamp, one write or one number, and the
// functions that only return a stored value.
const withoutSize = `
	clock.Timestamp.AppendBinary clock.Timestamp.MarshalBinary clock.Timestamp.UnmarshalBinary clock.ClientID.AppendBinary
	clock.ClientID.MarshalBinary clock.ClientID.UnmarshalBinary clock.Stamp.AppendBinary clock.Stamp.MarshalBinary
	clock.Stamp.UnmarshalBinary clock.MustParseClientID clock.ClientID.IsZero clock.ClientID.Compare clock.ClientID.String
	clock.ClientID.AppendText clock.ClientID.MarshalText clock.ClientID.UnmarshalText clock.New clock.Clock.Now
	clock.Clock.NowN clock.Clock.Observe clock.Clock.Check clock.Clock.Last clock.Clock.Ahead clock.ParseError.Error
	clock.ParseError.Unwrap clock.AheadError.Ahead clock.AheadError.Error clock.AheadError.Unwrap clock.WallError.Error
	clock.WallError.Unwrap clock.Timestamp.Value clock.Timestamp.Scan clock.ClientID.Value clock.ClientID.Scan
	clock.Stamp.Value clock.Stamp.Scan clock.Stamp.IsZero clock.Stamp.Valid clock.Stamp.Compare clock.Stamp.String
	clock.Stamp.AppendText clock.Stamp.MarshalText clock.Stamp.UnmarshalText clock.MustParseTimestamp clock.Timestamp.String
	clock.Timestamp.AppendText clock.Timestamp.MarshalText clock.Timestamp.UnmarshalText clock.TimestampOf
	clock.Timestamp.Time clock.Timestamp.Millis clock.Timestamp.Counter clock.Timestamp.IsZero clock.Timestamp.Compare

	record.Edit.DeleteRecord record.Edit.RestoreRecord record.Edit.Seen record.Error.Error record.Error.Unwrap record.LimitError.Error
	record.LimitError.Is record.FieldValue.Deleted record.FieldValue.IsZero record.FieldValue.Check record.FieldOf
	record.Field.Get record.Field.IsZero record.Field.IsNull record.Field.Deleted record.Field.Set record.Field.SetNull
	record.Field.Delete record.Key.Compare record.Key.Check record.Key.String record.New record.Record.Key
	record.Record.WithKey record.Record.Len record.Record.At record.Record.Deleted record.Record.Erased record.Kind.String record.Deletion
	record.Bool record.Int record.Float record.Value.Kind record.Value.Bool record.Value.Int record.Value.Float
	record.Value.JSON record.Value.String

	merge.Outcome.String merge.Step.String merge.Change.Won merge.Change.Winner merge.Change.Loser merge.Change.Step
	merge.Change.Margin merge.Code.Advice merge.Collection.Len merge.Collection.At merge.Decision.Lost merge.Decision.String
	merge.Decision.LogValue merge.Digest.Add merge.Digest.Sub merge.Digest.String merge.Fold.Len merge.Push.Keys merge.Push.Request merge.Refusal.Unwrap
	merge.Result.Accepted

	imports.Run.Stamp imports.Closed imports.Ledger.Value
`
