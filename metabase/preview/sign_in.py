"""The page that asks for the password; nothing of it comes from outside, and it works without a script."""

from typing import Final

PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Tapehouse: sign in</title>
<style>
  body { font: 16px system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh; margin: 0 }
  form { display: grid; gap: .75rem; width: min(20rem, 90vw) }
  input, button { font: inherit; padding: .5rem .75rem }
  p { color: #dc2626; min-height: 1.5em; margin: 0 }
</style>
</head>
<body>
<form method="post" action="/sign-in">
  <h1>Tapehouse</h1>
  <label for="password">Password</label>
  <input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
  <button>Sign in</button>
  <p role="alert"><!-- fault --></p>
</form>
</body>
</html>
"""
