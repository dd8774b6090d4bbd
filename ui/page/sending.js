// Sends a file to the server; returns its token, or what went wrong.
async function sendFile(file) {
  try {
    const sent = await fetch(`uploads?${new URLSearchParams({name: file.name})}`, {
      method: 'POST', body: file, headers: {'Content-Type': 'application/octet-stream'},
    });
    const reply = await sent.json();
    return sent.ok ? {token: reply.token} : {error: say('adding.not_sent', {name: file.name, reason: reply.detail})};
  } catch {
    return {error: say('adding.one_failed', {name: file.name})};
  }
}
