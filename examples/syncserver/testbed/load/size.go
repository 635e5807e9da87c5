package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// sizes measures how many bytes the whole workspace takes on the wire, as rows and as columns.
// If the workspace has more than 10,000 records, sizes measures the first 10,000.
func (r *run) sizes(ctx context.Context) error {
	d, err := r.join(ctx)
	if err != nil {
		return err
	}
	var sizes [4]int64
	for i, accept := range []string{"application/jsonl", "application/vnd.fieldlww.columns+jsonl;v=1"} {
		for j, coding := range []string{"identity", "gzip"} {
			if sizes[2*i+j], err = r.size(ctx, d.Token, accept, coding); err != nil {
				return err
			}
		}
	}
	fmt.Printf("a pull of the whole workspace: %d bytes, %d with gzip; as columns %d bytes, %d with gzip\n", sizes[0], sizes[1], sizes[2], sizes[3])
	return nil
}

// size returns the size of one pull on the wire, in bytes.
func (r *run) size(ctx context.Context, token, accept, coding string) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.server.URL+"/v1/pull?limit=10000&cursor=", nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", accept)
	request.Header.Set("Accept-Encoding", coding) // if set, net/http does not decode the answer
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("pull: %s", answer.Status)
	}
	return io.Copy(io.Discard, answer.Body)
}
