// Package process starts the programs of a benchmark, reads from /proc what they cost, and ends them.
//
// A program is ended by its own process id, and a whole process group is killed only after the program
// that leads it did not end when asked. Programs also end when the harness itself dies. Linux only.
// A Process may be used by several goroutines.
package process
