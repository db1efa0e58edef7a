package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Tally sends a number of GETs over the given number of connections and counts the answers by their X-Origin field.
// An answer other than 200 is an error.
func Tally(ctx context.Context, url string, requests, connections int) (map[string]int, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	var (
		mu    sync.Mutex
		total = map[string]int{}
	)
	group, ctx := errgroup.WithContext(ctx)
	for i := range connections {
		share := requests / connections
		if i < requests%connections {
			share++
		}
		group.Go(func() error {
			for range share {
				origin, err := originOf(ctx, client, url)
				if err != nil {
					return err
				}
				mu.Lock()
				total[origin]++
				mu.Unlock()
			}
			return nil
		})
	}
	return total, group.Wait()
}

// originOf sends one request and names the origin that answered.
func originOf(ctx context.Context, client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: status %d", url, response.StatusCode)
	}
	return response.Header.Get("X-Origin"), nil
}
