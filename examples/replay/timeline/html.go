package timeline

import (
	"fmt"
	"strings"
	"time"
)

// HTML returns a page that needs nothing else: the drawing for a screen, a phone and paper, and the
// same facts as a table. It contains no scripts.
func (t *Timeline) HTML() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>%s</title>
<style>%s</style></head>
<body class="tl">
<a class="skip" href="#facts">Skip the drawing</a>
<main>
<h1>%s</h1>
%s</main>
</body></html>
`, escaped("Timeline of "+t.title()), Style(systemDark), escaped(t.title()), t.body())
	return b.String()
}

// Figure returns the drawing and the table for a page that has its own head and heading, and the style sheet
// of Style. A page can hold one figure, because it contains element IDs.
func (t *Timeline) Figure() string { return `<div class="tl">` + "\n" + t.body() + "</div>\n" }

// Style returns the style sheet of a figure. All its rules apply within the class tl only. The dark colours apply
// under a condition: an at-rule, or the selector of an ancestor, such as :where([data-theme=dark]).
func Style(dark string) string { return pageCSS + styles(dark) }

// body returns the sentences about the end, the drawings and the table.
func (t *Timeline) body() string {
	var b strings.Builder
	for i, s := range t.ending {
		class := pick(strings.HasPrefix(s, lostEdit), "redt", "")
		fmt.Fprintf(&b, "<p class=\"end %s%s\">%s</p>\n", class, pick(i == 0, " first", ""), escaped(s))
	}
	b.WriteString("<figure>\n")
	b.WriteString(t.svg(wideLook(), "") + t.svg(t.narrowLook(), "") + "</figure>\n")
	fmt.Fprintf(&b, "<h2 id=\"facts\">What happened, as a table</h2>\n<p class=\"mute\">Times are in %s.</p>\n", escaped(t.zone()))
	b.WriteString("<table><thead><tr><th scope=\"col\">Event</th><th scope=\"col\">Who</th><th scope=\"col\">Made</th><th scope=\"col\">Reached the server</th><th scope=\"col\">What happened</th></tr></thead>\n<tbody>\n")
	for _, r := range t.table() {
		b.WriteString(t.tableHTML(r.marks))
	}
	b.WriteString("</tbody></table>\n")
	if t.options.Note != "" {
		fmt.Fprintf(&b, "<p>%s</p>\n", escaped(t.options.Note))
	}
	return b.String()
}

// tableHTML returns a row of the table.
func (t *Timeline) tableHTML(marks []int) string {
	var b strings.Builder
	s := t.gravest(marks)
	first, last := t.marks[marks[0]], t.marks[marks[len(marks)-1]]
	sign := fmt.Sprintf(`<svg aria-hidden="true" viewBox="0 0 20 20">%s</svg>`, drawShape(s, 10, 10, max(0, first.lane)))
	fmt.Fprintf(&b, `<tr><th scope="row">%s<span class="n">%s</span> <span class="%s">%s</span></th>`,
		sign, t.numbersOf(marks), pick(s == lost, "redt", "mute"), s.word())
	head, details, exact := t.sentences(marks)
	if len(marks) == 1 {
		fmt.Fprintf(&b, `<td data-c="Who">%s</td><td data-c="Made">%s</td><td data-c="Reached the server">%s <span class="mute line">line %d</span></td>`,
			escaped(first.row.who), t.timeHTML(first.row.made), t.timeHTML(first.row.arrived), first.row.line)
	} else {
		fmt.Fprintf(&b, `<td data-c="Who"></td><td data-c="Made"></td><td data-c="Reached the server">%s to %s <span class="mute line">lines %d–%d</span></td>`,
			t.timeHTML(first.row.arrived), t.timeHTML(last.row.arrived), first.row.line, last.row.line)
	}
	fmt.Fprintf(&b, `<td data-c="What happened"><p class="first">%s</p>`, escaped(head))
	for _, d := range details {
		fmt.Fprintf(&b, "<p>%s</p>", escaped(d))
	}
	if exact != "" {
		fmt.Fprintf(&b, `<p class="mute">%s</p>`, escaped(exact))
	}
	return b.String() + "</td></tr>\n"
}

// timeHTML returns a time, or a dash for an unknown one.
func (t *Timeline) timeHTML(at time.Time) string {
	if at.IsZero() {
		return "–"
	}
	return fmt.Sprintf(`<time datetime="%s">%s</time>`, at.UTC().Format("2006-01-02T15:04:05.000Z"), escaped(t.date(at)))
}

// pageCSS holds the rules of the page around the drawing.
const pageCSS = `body.tl{margin:0}.tl main{max-width:1000px;margin:0 auto;padding:20px}
.tl h1{font-size:1.3rem;margin:0 0 .6rem;overflow-wrap:anywhere}.tl h2{font-size:1.05rem;margin:1.6rem 0 .3rem}
.tl p{margin:.25rem 0}.tl .first{font-weight:650}.tl .end.first{font-size:1.05rem}
.tl figure{margin:.8rem 0}.tl .skip{position:absolute;left:-999px}.tl .skip:focus{left:8px;top:8px}
.tl table{border-collapse:collapse;width:100%;font-size:13px}.tl th,.tl td{text-align:left;vertical-align:top;padding:.5rem .6rem .5rem 0;border-bottom:1px solid}.tl td:last-child{overflow-wrap:anywhere}
.tl tbody th{font-weight:400;white-space:nowrap}.tl th svg{display:inline-block;width:20px;height:20px;vertical-align:-5px}.tl .n{font-weight:650;margin:0 .2rem}
.tl td time,.tl td .line{white-space:nowrap}
@media (max-width:700px){.tl main{padding:14px}.tl thead{position:absolute;left:-9999px}.tl tr,.tl tbody th,.tl td{display:block;border:0;padding:.15rem 0}
.tl tr{border-bottom:1px solid;padding:.6rem 0}.tl td[data-c]:not([data-c="What happened"])::before{content:attr(data-c) ": "}.tl td:empty{display:none}}
@media print{.tl .skip{display:none}.tl tr{break-inside:avoid}.tl figure{break-inside:avoid}}
`
