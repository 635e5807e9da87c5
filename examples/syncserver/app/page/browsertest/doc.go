// Package browsertest contains only tests. They use the page as people do: with the mouse and the keyboard of a
// headless Chromium (or Firefox with FIELDLWW_BROWSER=firefox), against a server in a process of its
// own. A proxy between them cuts connections, delays requests and loses answers.
//
// A test reads like a story. Its parts: visit opens the page on a new server and returns a screen,
// which is a tab, with a panel for each of the two sides. The contents of panels and of the server
// are compared as contents.
//
// With FIELDLWW_SCREENSHOTS, the tests leave pictures in that directory.
package browsertest
