package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type answer struct {
	status int
	origin string
	body   string
}

func TestAnswers(t *testing.T) {
	const echo = "GET /echo/a?b=c HTTP/1.1\r\nHost: x\r\n\r\n"
	tests := []struct {
		name  string
		sent  []string // pieces of requests, written one after another on one connection
		count int      // of requests
		want  answer   // to the last
	}{
		{name: "small", sent: []string{"GET /small HTTP/1.1\r\n\r\n"}, count: 1, want: answer{200, "here", strings.Repeat("s", 100)}},
		{name: "large", sent: []string{"GET /large HTTP/1.1\r\n\r\n"}, count: 1, want: answer{200, "here", strings.Repeat("l", 64<<10)}},
		{name: "longer path", sent: []string{"GET /smaller HTTP/1.1\r\n\r\n"}, count: 1, want: answer{404, "here", "origin: no such path\n"}},
		{name: "echo", sent: []string{echo}, count: 1, want: answer{200, "here", echo}},
		{
			name:  "second request of a connection, in pieces",
			sent:  []string{"GET /large HTTP/1.1\r\n\r\nGET /sm", "all HTTP/1.1\r\n\r", "\n"},
			count: 2, want: answer{200, "here", strings.Repeat("s", 100)},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client, server := net.Pipe()
			defer client.Close()
			go func() {
				defer server.Close()
				_ = newAnswers("here").serve(server)
			}()
			go func() {
				for _, piece := range tt.sent {
					_, _ = io.WriteString(client, piece)
				}
			}()
			checkLast(t, client, tt.count, tt.want)
		})
	}
}

// checkLast reads the given number of answers and compares the last one.
func checkLast(t *testing.T, client io.Reader, count int, want answer) {
	t.Helper()
	reader := bufio.NewReader(client)
	var got answer
	for range count {
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		got = answer{response.StatusCode, response.Header.Get("X-Origin"), string(body)}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(answer{})); diff != "" {
		t.Error(diff)
	}
}
