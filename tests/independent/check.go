// Checks proofs and tiles of Indelible with code that is not Indelible's: Go's own
// golang.org/x/mod/sumdb/note and golang.org/x/mod/sumdb/tlog, which the checksum database of Go
// modules is checked with.
//
//	check proof KEY FILE...   each proof by itself
//	check tiles KEY FOLDER    a folder as C2SP tlog-tiles has it
//
// KEY is a public key, NAME+HASH+KEY. For each it prints a line, the file's name and `ok` or what is
// wrong. It ends with 0 when all is well, with 1 when something is not, and with 2 when it was called
// wrongly.
//
// Deliberately absent: anything that knows how Indelible keeps its record.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) < 4 || os.Args[1] != "proof" && os.Args[1] != "tiles" {
		fmt.Fprintln(os.Stderr, "usage: check proof KEY FILE... | check tiles KEY FOLDER")
		os.Exit(2)
	}
	key, err := note.NewVerifier(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "the key:", err)
		os.Exit(2)
	}
	check := checkProof
	if os.Args[1] == "tiles" {
		check = checkTiles
	}
	status := 0
	for _, name := range os.Args[3:] {
		verdict := "ok"
		if err := check(key, name); err != nil {
			verdict, status = strings.ReplaceAll(err.Error(), "\n", " "), 1
		}
		fmt.Printf("%s: %s\n", name, verdict)
	}
	os.Exit(status)
}

// A head is what a checkpoint says.
type head struct {
	origin string
	size   int64
	root   tlog.Hash
}

// open verifies a signed checkpoint and reads it.
func open(key note.Verifier, signed string) (head, error) {
	var none head
	opened, err := note.Open([]byte(signed), note.VerifierList(key))
	if err != nil {
		return none, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 {
		return none, errors.New("the checkpoint has no three lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return none, err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return none, err
	}
	if lines[0] != key.Name() {
		return none, errors.New("the checkpoint is of another log")
	}
	return head{lines[0], size, root}, nil
}

type disclosure struct {
	Field, Value string
	Salt         []byte
}

type row struct {
	Sequence    int64
	Disclosures []disclosure
}

// What was asked, as far as a leaf tells of it.
type asked struct {
	Types, Contexts []string
	BeyondLeaves    []string `json:"beyond_leaves"`
	groups
}

// The groups that an entry may belong to.
type groups struct {
	PlanID        *string `json:"plan_id"`
	ProjectName   *string `json:"project_name"`
	SessionID     *string `json:"session_id"`
	CorrelationID *string `json:"correlation_id"`
}

// What an answer's check needs of a leaf.
type entry struct {
	Sequence  int64
	EventType string `json:"event_type"`
	groups
}

// What stands in a proof of any kind.
type proof struct {
	Format          string
	Index           int64
	Leaf            string
	Disclosures     []disclosure
	InclusionPath   []tlog.Hash `json:"inclusion_path"`
	Checkpoint      string
	Old, New        string
	ConsistencyPath []tlog.Hash `json:"consistency_path"`
	Asked           asked
	Start           int64
	Leaves          []string
	Rows            []row
	RangePath       []tlog.Hash `json:"range_path"`
}

func checkProof(key note.Verifier, name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var p proof
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return err
	}
	switch p.Format {
	case "indelible-entry-proof/1":
		return checkEntry(key, p)
	case "indelible-consistency-proof/1":
		return checkGrowth(key, p)
	case "indelible-answer-proof/1":
		return checkAnswer(key, p)
	}
	return fmt.Errorf("unknown format %q", p.Format)
}

func checkEntry(key note.Verifier, p proof) error {
	head, err := open(key, p.Checkpoint)
	if err != nil {
		return err
	}
	leaf := tlog.RecordHash([]byte(p.Leaf))
	if err := tlog.CheckRecord(p.InclusionPath, head.size, head.root, p.Index, leaf); err != nil {
		return err
	}
	return checkDisclosures(p.Leaf, p.Disclosures)
}

// checkDisclosures opens the digests of a leaf.
func checkDisclosures(leaf string, disclosures []disclosure) error {
	var fields map[string]interface{}
	if err := json.Unmarshal([]byte(leaf), &fields); err != nil {
		return err
	}
	for _, shown := range disclosures {
		digest := sha256.New()
		digest.Write(shown.Salt)
		digest.Write([]byte(shown.Field))
		digest.Write([]byte{0})
		digest.Write([]byte(shown.Value))
		if fields[shown.Field+"_digest"] != base64.StdEncoding.EncodeToString(digest.Sum(nil)) {
			return fmt.Errorf("the %s is not what was recorded", shown.Field)
		}
	}
	return nil
}

func checkGrowth(key note.Verifier, p proof) error {
	before, err := open(key, p.Old)
	if err != nil {
		return err
	}
	after, err := open(key, p.New)
	if err != nil {
		return err
	}
	if before.size == 0 {
		// Go leaves it undefined: everything begins with nothing.
		if before.root != sha256.Sum256(nil) || len(p.ConsistencyPath) > 0 {
			return errors.New("this is no proof for an empty tree")
		}
		return nil
	}
	return tlog.CheckTree(p.ConsistencyPath, after.size, after.root, before.size, before.root)
}

func checkAnswer(key note.Verifier, p proof) error {
	head, err := open(key, p.Checkpoint)
	if err != nil {
		return err
	}
	end := p.Start + int64(len(p.Leaves))
	if p.Start < 0 || len(p.Leaves) == 0 || end > head.size {
		return errors.New("the range is not one of the tree")
	}
	r := rangeProof{p.Start, end, p.Leaves, p.RangePath}
	root, err := r.root(0, head.size)
	if err != nil {
		return err
	}
	if root != head.root || len(r.path) > 0 {
		return errors.New("the leaves are not in the tree")
	}
	rows := p.Rows
	before := int64(0)
	for i, leaf := range p.Leaves {
		var entry entry
		if err := json.Unmarshal([]byte(leaf), &entry); err != nil {
			return err
		}
		if i > 0 && entry.Sequence != before+1 {
			return errors.New("the numbers have a gap")
		}
		before = entry.Sequence
		inAnswer := len(rows) > 0 && rows[0].Sequence == entry.Sequence
		if !inAnswer && p.Asked.matches(entry) && len(p.Asked.BeyondLeaves) == 0 {
			return fmt.Errorf("entry %d was left out", entry.Sequence)
		}
		if !inAnswer {
			continue
		}
		if !p.Asked.matches(entry) {
			return fmt.Errorf("entry %d was not asked for", entry.Sequence)
		}
		if err := checkDisclosures(leaf, rows[0].Disclosures); err != nil {
			return err
		}
		rows = rows[1:]
	}
	if len(rows) > 0 {
		return fmt.Errorf("entry %d was not asked for there", rows[0].Sequence)
	}
	return nil
}

func (a asked) matches(e entry) bool {
	fits := len(a.Types) == 0
	for _, pattern := range a.Types {
		ok, err := path.Match(pattern, e.EventType)
		fits = fits || ok && err == nil
	}
	context := strings.SplitN(e.EventType, ".", 2)[0]
	among := len(a.Contexts) == 0
	for _, wanted := range a.Contexts {
		among = among || wanted == context
	}
	is := func(wanted, found *string) bool {
		return wanted == nil || found != nil && *wanted == *found
	}
	return fits && among && is(a.PlanID, e.PlanID) && is(a.ProjectName, e.ProjectName) &&
		is(a.SessionID, e.SessionID) && is(a.CorrelationID, e.CorrelationID)
}

// A rangeProof is the leaves of a range and the hash of each largest subtree that has none of them.
type rangeProof struct {
	start, end int64
	leaves     []string
	path       []tlog.Hash
}

// root is the hash of the subtree over [lo, hi), put together as RFC 6962 has it.
func (r *rangeProof) root(lo, hi int64) (tlog.Hash, error) {
	if hi <= r.start || r.end <= lo {
		if len(r.path) == 0 {
			return tlog.Hash{}, errors.New("the proof is too short")
		}
		hash := r.path[0]
		r.path = r.path[1:]
		return hash, nil
	}
	if hi-lo == 1 {
		return tlog.RecordHash([]byte(r.leaves[lo-r.start])), nil
	}
	k := int64(1)
	for k*2 < hi-lo {
		k *= 2
	}
	left, err := r.root(lo, lo+k)
	if err != nil {
		return left, err
	}
	right, err := r.root(lo+k, hi)
	return tlog.NodeHash(left, right), err
}

// A folder of tiles; C2SP has no height in the names, and another name for those of entries.
type folder string

func (f folder) Height() int { return 8 }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		name := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		name = strings.Replace(name, "tile/data/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), name))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// checkTiles checks that all entries are in the tree of the checkpoint, by the tiles.
func checkTiles(key note.Verifier, name string) error {
	signed, err := os.ReadFile(filepath.Join(name, "checkpoint"))
	if err != nil {
		return err
	}
	head, err := open(key, string(signed))
	if err != nil || head.size == 0 {
		return err
	}
	// The reader trusts no tile that does not lead to the root.
	reader := tlog.TileHashReader(tlog.Tree{N: head.size, Hash: head.root}, folder(name))
	for _, tile := range tilesOf(head.size) {
		hashes, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			return err
		}
		stored, err := folder(name).ReadTiles([]tlog.Tile{tile})
		if err != nil {
			return err
		}
		if !bytes.Equal(hashes, stored[0]) {
			return fmt.Errorf("%s is not of this tree", tile.Path())
		}
		if tile.L > 0 {
			continue
		}
		tile.L = -1
		bundle, err := folder(name).ReadTiles([]tlog.Tile{tile})
		if err != nil {
			return err
		}
		if err := checkBundle(bundle[0], hashes); err != nil {
			return fmt.Errorf("%s: %v", tile.Path(), err)
		}
	}
	return nil
}

// tilesOf are the tiles of a tree, each as wide as it can be. (tlog.NewTiles has them of every width in
// some versions.)
func tilesOf(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for level := 0; size > 0; level++ {
		for n := int64(0); n<<8 < size; n++ {
			width := size - n<<8
			if width > 256 {
				width = 256
			}
			tiles = append(tiles, tlog.Tile{H: 8, L: level, N: n, W: int(width)})
		}
		size >>= 8
	}
	return tiles
}

// checkBundle compares entries, each after its length in two bytes, with the hashes of their leaves.
func checkBundle(bundle, hashes []byte) error {
	for len(hashes) > 0 {
		if len(bundle) < 2 {
			return errors.New("there are too few entries")
		}
		length := int(binary.BigEndian.Uint16(bundle))
		if len(bundle) < 2+length {
			return errors.New("an entry is cut off")
		}
		leaf := tlog.RecordHash(bundle[2 : 2+length])
		if !bytes.Equal(leaf[:], hashes[:tlog.HashSize]) {
			return errors.New("an entry is not the one in the tree")
		}
		bundle, hashes = bundle[2+length:], hashes[tlog.HashSize:]
	}
	if len(bundle) > 0 {
		return errors.New("there are too many entries")
	}
	return nil
}
