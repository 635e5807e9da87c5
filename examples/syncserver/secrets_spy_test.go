package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// spy passes everything that a device receives to the ledger.
type spy struct {
	*ledger
	user   string
	client clock.ClientID
}

// RoundTrip implements http.RoundTripper.
func (s spy) RoundTrip(r *http.Request) (*http.Response, error) {
	a := answer{user: s.user, client: s.client, when: span{from: time.Now()}, request: r.Method + " " + r.URL.String()}
	if r.GetBody != nil {
		if body, err := r.GetBody(); err == nil {
			var text bytes.Buffer
			text.ReadFrom(body)
			a.request += " " + text.String()
		}
	}
	s.sends(s.client, a.request)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = &spied{ReadCloser: response.Body, ledger: s.ledger, answer: a, headers: fmt.Sprint(response.Header)}
	return response, nil
}

// spied is the body of an answer.
type spied struct {
	io.ReadCloser
	ledger  *ledger
	answer  answer
	headers string
}

func (s *spied) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.answer.text = append(s.answer.text, p[:n]...)
	return n, err
}

// Close checks what has arrived, also of an answer that was cut off.
func (s *spied) Close() error {
	err := s.ReadCloser.Close()
	s.answer.when.to = time.Now()
	s.answer.text = append(s.answer.text, s.headers...)
	s.ledger.check(s.answer)
	s.answer.text, s.headers = nil, ""
	return err
}
