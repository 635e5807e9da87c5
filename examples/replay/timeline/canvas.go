package timeline

import (
	"math"
	"strings"
)

// canvas is a grid of characters.
type canvas struct {
	width int
	rows  [][]rune
}

func newCanvas(width, height int) *canvas {
	c := &canvas{width: width, rows: make([][]rune, height)}
	for y := range c.rows {
		c.rows[y] = []rune(strings.Repeat(" ", width))
	}
	return c
}

// set puts a character at a position. Positions outside of the canvas are left out.
func (c *canvas) set(x, y int, r rune) {
	if x >= 0 && x < c.width {
		c.rows[y][x] = r
	}
}

// at returns the character at a position, or a space.
func (c *canvas) at(x, y int) rune {
	if x < 0 || x >= c.width {
		return ' '
	}
	return c.rows[y][x]
}

// put writes a text from left to right.
func (c *canvas) put(x, y int, text string) {
	for _, r := range text {
		c.set(x, y, r)
		x++
	}
}

// isFree reports whether there are spaces where a text would be, and on both sides of it.
func (c *canvas) isFree(x, y, width int) bool {
	if x < 0 || x+width > c.width {
		return false
	}
	for i := x - 1; i <= x+width; i++ {
		if c.at(i, y) != ' ' {
			return false
		}
	}
	return true
}

// String returns the rows without the spaces at their ends.
func (c *canvas) String() string {
	var b strings.Builder
	for _, row := range c.rows {
		b.WriteString(strings.TrimRight(string(row), " "))
		b.WriteByte('\n')
	}
	return b.String()
}

// cell returns the column of a position.
func cell(x float64) int { return int(math.Round(x)) }
