package clock

// RFC 3339 uses the proleptic Gregorian calendar. The functions days and civil
// come from Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
// They let the year begin in March, so that the leap day is its last day, and
// group 400 years into an era of constant length.
const (
	march       = 3       // the month in which a year begins here
	epochDay    = 719_468 // 1970-01-01, in days since 0000-03-01
	yearsPerEra = 400
	daysPerEra  = 146_097
	daysPerYear = 365     // without the leap day
	daysPer4y   = 1_460   // four years without their leap day
	daysPer100y = 36_524  // a century without a leap day in its last year
	daysPer400y = 146_096 // an era without its last day
)

// days returns the number of days from 1970-01-01 to a date in the years 1 to
// 9999.
func days(year, month, day int64) int64 {
	month -= march
	if month < 0 {
		month += 12
		year--
	}
	leapDays := year/4 - year/100 + year/400
	return year*daysPerYear + leapDays + (153*month+2)/5 + day - 1 - epochDay
}

// civil is the inverse of days. Its input covers only the years 1677 to 2262,
// the range of an int64 of nanoseconds.
func civil(n int64) (year, month, day int64) {
	era, dayOfEra := (n+epochDay)/daysPerEra, (n+epochDay)%daysPerEra
	yearOfEra := (dayOfEra - dayOfEra/daysPer4y + dayOfEra/daysPer100y - dayOfEra/daysPer400y) / daysPerYear
	dayOfYear := dayOfEra - (yearOfEra*daysPerYear + yearOfEra/4 - yearOfEra/100)
	month = (5*dayOfYear + 2) / 153
	day = dayOfYear - (153*month+2)/5 + 1
	year = era*yearsPerEra + yearOfEra
	if month += march; month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// daysIn returns the number of days of a month.
func daysIn(year, month int64) int64 {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// floorDiv divides by a positive d and rounds down; the remainder is never
// negative.
func floorDiv(n, d int64) (quotient, remainder int64) {
	quotient, remainder = n/d, n%d
	if remainder < 0 {
		return quotient - 1, remainder + d
	}
	return quotient, remainder
}
