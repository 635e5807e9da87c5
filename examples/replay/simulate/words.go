package main

// named is a record with a memorable ID.
type named struct{ id, name string }

var projects = []named{
	{"harbour-atlas", "Harbour atlas"}, {"winter-catalogue", "Winter catalogue"}, {"cafe-orla", "Café Orla"},
	{"night-library", "Night library"}, {"seed-museum", "Seed museum"}, {"bakery-sonne", "Bäckerei Sonne"},
	{"ghent-fair", "Book fair in Ghent"}, {"tide-clock", "Tide clock"}, {"school-of-paper", "School of paper"},
	{"letters-exhibition", "Letters حروف אותיות"}, {"studio-house", "The house at Marrow Street"},
}

// plot lists the tasks of the scenes.
var plot = []named{
	{"window-lettering", "Sketch the window lettering"}, {"fair-banner", "Plan the banner for the fair"},
	{"atlas-proofs", "Proof the atlas"}, {"spare-frames", "Count the spare frames"},
	{"old-price-list", "Revise the old price list"}, {"paper-order", "Order paper for spring"},
	{"opening-night", "Invite to the opening night"},
}

var (
	statuses  = []string{"todo", "doing", "review", "done"}
	presences = []string{"in the studio", "at home", "on the road", "in the cellar", "away 🌊"}
	optional  = []string{"notes", "due", "estimate", "assignee", "priority"}
	tags      = []string{"urgent", "print", "client", "waiting", "idea", "fragile", "à-relire", "展示"}
	rooms     = []string{"Front room", "Print cellar", "Darkroom", "Long table"}
	purposes  = []string{"Client visit", "Test print", "Portraits", "Binding class", "Weekly table", "Paper tasting", "Café Orla: menus"}
	verbs     = []string{"Proof", "Sketch", "Measure", "Print", "Finish", "Revise", "Photograph", "Pack", "Price", "Check", "Redraw", "Mount"}
	objects   = []string{
		"the cover", "the title page", "the harbour map", "the menu for Café Orla", "the bread labels", "the opening invitation",
		"the colophon", "the wall text", "the Arabic wall text مرحبا بكم", "the Hebrew panel ברוכים הבאים", "the index of streets",
		"the seed packets", "the tide tables", "the poster, second state", "the shelf numbers", "the lettering on the door",
		"the endpapers", "the guest book", "the paper sampler", "the small signs", "the folded map", "the slipcase",
		"the woodcut for March", "the reading list", "the donor panel", "the tickets", "the calendar for São Tomé",
		"the plates 12 to 16", "the case labels", "the newsletter", "the peep box views", "the map legend",
	}
	notes = []string{
		"The client prefers the darker blue.", "Waiting for paper, due on Thursday.", "Zoë 👩‍🎨 has the original drawing.",
		"Second proof is much better.", "Leave 3 mm for trimming.", "Grain runs the short way.", "Agreed by telephone.",
		"Use the grey board from the cellar.", "The wall is 4.20 m, not 4.00 m.", "Colours approved 🎨", "النص العربي يحتاج إلى مراجعة",
		"יש לבדוק את הניקוד", "Spelling: \"Bäckerei\", with two dots.", "Needs a second pair of eyes.", "Deliver to the side door.",
		"Keep the first version as well.", "Too heavy for the shelf.", "Invoice after delivery.", "Quelle est la bonne date ?",
		"One copy for the archive.", "The museum closes at five.", "Ink: warm black, no gloss.",
	}
)
