package timeline

import (
	"fmt"
	"strings"
)

// scheme holds the colours of a drawing. Each has a contrast of at least 4.5 against back, except
// line, which only guides the eye.
type scheme struct {
	back, text, muted, line, lost string
	lanes                         [8]string
}

func light() scheme {
	return scheme{
		back: "#ffffff", text: "#1c1c21", muted: "#5c5c68", line: "#c8c8d0", lost: "#c0121c",
		lanes: [8]string{"#1d5fbf", "#a84f00", "#1a7440", "#7b3fb5", "#00707a", "#b0256f", "#735518", "#4b5b70"},
	}
}

func dark() scheme {
	return scheme{
		back: "#17171c", text: "#ececf1", muted: "#a9a9b6", line: "#4a4a56", lost: "#ff8080",
		lanes: [8]string{"#84b4ff", "#ffb06b", "#66d39a", "#d0a6ff", "#62d3da", "#ff94c6", "#dcba70", "#b2bfcf"},
	}
}

// contrasting is the scheme for forced colours.
func contrasting() scheme {
	s := scheme{back: "Canvas", text: "CanvasText", muted: "CanvasText", line: "GrayText", lost: "CanvasText"}
	for i := range s.lanes {
		s.lanes[i] = "CanvasText"
	}
	return s
}

// rules returns the style rules of a scheme.
func (s scheme) rules() string {
	var b strings.Builder
	fmt.Fprintf(&b, ".tl{background:%s;color:%s}.tl text{fill:%s}.tl .mute{fill:%s}.tl .mute{color:%s}", s.back, s.text, s.text, s.muted, s.muted)
	fmt.Fprintf(&b, ".tl .bg{fill:%s}.tl .on{fill:%s}.tl .halo{stroke:%s}.tl .ln{stroke:%s}.tl .pause{fill:%s}", s.back, s.back, s.back, s.line, s.line)
	fmt.Fprintf(&b, ".tl .ink{stroke:%s}.tl .red{stroke:%s}.tl .redt,.tl .redt{fill:%s;color:%s}.tl .m:focus .ring{stroke:%s}", s.text, s.lost, s.lost, s.lost, s.text)
	fmt.Fprintf(&b, ".tl th,.tl td,.tl tr{border-color:%s}", s.line)
	for i, c := range s.lanes {
		fmt.Fprintf(&b, ".tl .f%d{fill:%s}.tl .s%d{stroke:%s}", i, c, i, c)
	}
	return b.String() + "\n"
}

// systemDark is the condition that the system of the reader asks for dark colours.
const systemDark = "@media (prefers-color-scheme:dark)"

// styles returns the style sheet of a drawing. The dark colours apply under the condition.
func styles(condition string) string {
	return shapesCSS + light().rules() +
		condition + "{" + dark().rules() + "}\n" +
		"@media (forced-colors:active){" + contrasting().rules() + "}\n" +
		"@media print{" + light().rules() + ".tl .narrow{display:none}.tl .wide{display:block}}\n"
}

// shapesCSS holds the rules that do not depend on colours.
const shapesCSS = `.tl{font:14px/1.45 system-ui,sans-serif;color-scheme:light dark}
.tl svg{display:block;width:100%;height:auto;font:12.5px system-ui,sans-serif}svg.tl{font:12.5px system-ui,sans-serif}
.tl .s{font-size:11.5px}.tl .b{font-weight:650}
.tl .halo{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}
.tl .ln,.tl .go,.tl .wait,.tl .way{fill:none;stroke-width:1.5}.tl .wait{stroke-dasharray:5 4}.tl .way{stroke-dasharray:1 4;stroke-linecap:round}
.tl .thin{fill:none;stroke-width:1.5}.tl .thick{fill:none;stroke-width:3;stroke-linecap:round}
.tl .pause{opacity:.28}
.tl .m{cursor:default;outline:none}.tl .ring{fill:transparent;stroke:none;stroke-width:2.5}
.tl .cap{visibility:hidden;pointer-events:none}.tl .m:hover .cap,.tl .m:focus .cap{visibility:visible}
.tl .narrow{display:none}
@media (max-width:700px){.tl .wide{display:none}.tl .narrow{display:block}}
`
