package timeline

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTextFitsTheWidthAndNeedsNoControlCharacters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tl := drawWorld(t)
		for _, width := range []int{0, 80, 140} {
			for line := range strings.Lines(tl.Text(width)) {
				line = strings.TrimSuffix(line, "\n")
				require.LessOrEqual(t, utf8.RuneCountInString(line), max(width, leastText))
				require.Equal(t, -1, strings.IndexFunc(line, func(r rune) bool { return r < ' ' }))
			}
		}
	})
}

// TestFigureIsThePageWithoutItsHead: another page can embed it.
func TestFigureIsThePageWithoutItsHead(t *testing.T) {
	tl := New(manyLog(t, 5, 2), Options{})
	require.Contains(t, tl.HTML(), tl.body())
	require.Contains(t, tl.Figure(), tl.body())
	require.True(t, strings.HasPrefix(tl.Figure(), `<div class="tl">`))
	require.NotRegexp(t, `<html|<style| style=`, tl.Figure()) // a page's policy may forbid inline styles
	require.Contains(t, tl.HTML(), Style(systemDark))
	require.NotContains(t, tl.HTML()+tl.SVG(), "<script")
}

// TestMarksCanBeFocusedAndHaveNames: the keyboard and screen readers get each mark and its sentences.
func TestMarksCanBeFocusedAndHaveNames(t *testing.T) {
	tl := New(manyLog(t, 9, 3), Options{})
	svg := tl.SVG()
	for i, m := range tl.marks {
		name := fmt.Sprintf(`<g class="m" tabindex="0" role="img" aria-label="%d, %s: %s`, i+1, m.shape.word(), escaped(m.row.headline+" "+m.row.outcome))
		require.Equal(t, 1, strings.Count(svg, name), name)
		require.Contains(t, svg, escaped(m.row.exact))
	}
}

func TestColoursHaveEnoughContrast(t *testing.T) {
	for _, s := range []scheme{light(), dark()} {
		for _, c := range append(s.lanes[:], s.text, s.muted, s.lost) {
			require.GreaterOrEqual(t, contrast(t, c, s.back), 4.5, "%s on %s", c, s.back)
		}
	}
}

// contrast returns the contrast of two colours as WCAG defines it.
func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) (sum float64) {
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		require.NoError(t, err)
		c := float64(n) / 255
		sum += weight * pick(c <= 0.04045, c/12.92, math.Pow((c+0.055)/1.055, 2.4))
	}
	return sum
}

// TestShapesDifferWithoutColour: each shape has its own sign, word and drawing.
func TestShapesDifferWithoutColour(t *testing.T) {
	seen := make(map[string]shape)
	for _, s := range shapes() {
		drawing := strings.NewReplacer("red", "ink", "f0", "ink", "s0", "ink").Replace(drawShape(s, 0, 0, 0))
		for _, text := range []string{string(s.sign()), s.word(), s.meaning(), drawing} {
			other, known := seen[text]
			require.False(t, known, "%v and %v are both %s", s, other, text)
			seen[text] = s
		}
	}
	require.Len(t, shapes(), int(lost)+1)
}

func TestWrappedKeepsAllWordsWithinTheWidth(t *testing.T) {
	require.Equal(t, []string{"ab cd", "efghi", "jk l"}, wrapped("ab  cd efghijk l", 5))
	require.Empty(t, wrapped(" ", 5))
}
