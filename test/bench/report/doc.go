// Package report turns measurements into Markdown: summaries of repetitions, tables, bars that are passed or
// missed, and the facts about the machine without which a figure says nothing.
package report
