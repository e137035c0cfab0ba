// Drives github.com/donovanhide/eventsource, which reconnects by itself.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"

	"github.com/donovanhide/eventsource"
)

// A note, as crates/sse-scenarios describes it. The package tells the ID of an event, not the last event ID.
type note struct {
	Saw     string  `json:"saw"`
	Type    string  `json:"type,omitempty"`
	Data    *string `json:"data,omitempty"`
	Message string  `json:"message,omitempty"`
}

func main() {
	orders := bufio.NewScanner(os.Stdin)
	for orders.Scan() {
		var order struct {
			URL string `json:"url"`
		}
		if err := json.Unmarshal(orders.Bytes(), &order); err != nil {
			panic(err)
		}
		if err := follow(order.URL); err != nil {
			tell(note{Saw: "error", Message: err.Error()})
		}
		tell(note{Saw: "closed"})
	}
}

// Prints what comes, until an event of the type "done", or a refusal of the first request.
func follow(url string) error {
	leaving, leave := context.WithCancel(context.Background())
	defer leave()
	request, err := http.NewRequestWithContext(leaving, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	stream, err := eventsource.SubscribeWith("", &http.Client{}, request)
	if err != nil {
		return err
	}
	defer stream.Close()
	tell(note{Saw: "open"})
	for {
		select {
		case event := <-stream.Events:
			kind, data := event.Event(), event.Data()
			if kind == "" {
				kind = "message"
			}
			tell(note{Saw: "event", Type: kind, Data: &data})
			if kind == "done" {
				return nil
			}
		case err := <-stream.Errors:
			tell(note{Saw: "error", Message: err.Error()})
		}
	}
}

func tell(it note) {
	// Each note is a line, which the encoder ends.
	if err := json.NewEncoder(os.Stdout).Encode(it); err != nil {
		os.Exit(1)
	}
}
