package powersync

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/memory"
)

// maxBody is the greatest size of a request in bytes.
const maxBody = 4 << 20

// Options are the settings of a Handler.
type Options struct {
	// Server is the store.
	Server *memory.Server
	// Schema names the tables and columns that clients may write.
	Schema Schema
	// Device authenticates a request, and returns the ID of the device: the client ID of its stamps.
	// Two devices of one user have different IDs.
	Device func(*http.Request) (clock.ClientID, error)
	// AcceptUnstamped accepts entries without a stamp, for apps that were not changed yet. Such an
	// entry is stamped with the time at which it arrives first: an edit that was made offline last
	// week, and arrives today, wins over all edits made since. Lost edits are not reported for it.
	// Without AcceptUnstamped, such an entry is refused as Unstamped.
	AcceptUnstamped bool
}

// Handler is the write endpoint. It answers POST requests whose body is a Batch with Results. It may
// be used from any number of goroutines.
type Handler struct {
	o     Options
	clock *clock.Clock // stamps entries that have no stamp

	mu       sync.Mutex // a transaction of the database in a real backend
	arrivals map[clock.ClientID]*arrivals
}

// New returns a Handler.
func New(o Options) (*Handler, error) {
	h := &Handler{o: o, arrivals: make(map[clock.ClientID]*arrivals)}
	var last clock.Timestamp
	for r := range o.Server.Records().All() {
		for _, w := range r.All() {
			last = max(last, w.Stamp.Time)
		}
	}
	var err error
	// The clock must follow every accepted stamp, or an entry that arrives later would lose against it.
	h.clock, err = clock.New(clock.Options{Now: h.now, MaxAhead: -1, Last: last})
	return h, err
}

// ServeHTTP answers 200 if the batch was processed, whatever became of its entries; 401 if the device
// is not known; 400 for a body that is not a Batch, and 413 for one with more than 4 MiB or MaxEntries; and 503 if the
// store failed, which may have stored a part of the batch: the client sends it again.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		respond(w, http.StatusMethodNotAllowed, message{"use POST"})
		return
	}
	device, err := h.o.Device(r)
	if err != nil || device.IsZero() {
		respond(w, http.StatusUnauthorized, message{"the device is not known"})
		return
	}
	var batch Batch
	err = json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&batch)
	switch tooLarge := (*http.MaxBytesError)(nil); {
	case errors.As(err, &tooLarge):
		respond(w, http.StatusRequestEntityTooLarge, message{"the body is too large"})
		return
	case err != nil:
		respond(w, http.StatusBadRequest, message{"the body is not a batch of transactions"})
		return
	case len(batch.Transactions) == 0 || len(batch.Transactions) > MaxTransactions:
		respond(w, http.StatusBadRequest, message{"a batch has 1 to 50 transactions"})
		return
	case batch.entries() > MaxEntries:
		respond(w, http.StatusRequestEntityTooLarge, message{"the batch has too many entries"})
		return
	}
	results, err := h.Apply(device, batch)
	if err != nil {
		respond(w, http.StatusServiceUnavailable, message{"the store failed"})
		return
	}
	respond(w, http.StatusOK, results)
}

// Apply applies a batch, which has at least one transaction. An error means that the store failed.
// What was applied before is not undone: the client sends the batch again, and retries have no effect.
func (h *Handler) Apply(device clock.ClientID, batch Batch) (Results, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if first := batch.Transactions[0].ID; first != nil {
		h.arrivalsOf(device).begin(*first)
	}
	results := make([]Result, len(batch.Transactions))
	for i := range results {
		results[i].Status = NotAttempted
	}
	for i, t := range batch.Transactions {
		var err error
		if results[i], err = h.transaction(device, t); err != nil {
			return Results{}, err
		}
		if results[i].Status == Retryable {
			break // the client cannot complete a later transaction before this one
		}
	}
	return Results{results}, nil
}

func (h *Handler) arrivalsOf(device clock.ClientID) *arrivals {
	a, ok := h.arrivals[device]
	if !ok {
		a = new(arrivals)
		h.arrivals[device] = a
	}
	return a
}

func (h *Handler) now() time.Time {
	if h.o.Server.Now != nil {
		return h.o.Server.Now()
	}
	return time.Now()
}

// message is the body of an answer to a request that was refused as a whole.
type message struct {
	Message string `json:"message"`
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // if the client has gone, it sends the batch again
}
