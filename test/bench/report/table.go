package report

import (
	"strings"
	"unicode/utf8"
)

// Table is a Markdown table. A row may be shorter than the header.
type Table struct {
	Header []string
	Rows   [][]string
}

// Add appends a row.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// String is the table with aligned columns: the first to the left, the others, which hold figures, to the right.
func (t *Table) String() string {
	rows := append([][]string{t.Header, make([]string, len(t.Header))}, t.Rows...)
	widths := make([]int, len(t.Header))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 2)
		}
	}
	var out strings.Builder
	for number, row := range rows {
		for i, width := range widths {
			cell := ""
			if i < len(row) {
				cell = row[i]
			}
			out.WriteString("| ")
			out.WriteString(pad(cell, width, number == 1, i > 0))
			out.WriteString(" ")
		}
		out.WriteString("|\n")
	}
	return out.String()
}

// pad fills a cell to its width; of the line below the header it makes the rule.
func pad(cell string, width int, rule, right bool) string {
	switch fill := width - utf8.RuneCountInString(cell); {
	case rule && right:
		return strings.Repeat("-", width-1) + ":"
	case rule:
		return strings.Repeat("-", width)
	case right:
		return strings.Repeat(" ", fill) + cell
	default:
		return cell + strings.Repeat(" ", fill)
	}
}
