// node-quickbooks (npm) on a full tour: only its base addresses are changed.
// Usage: node tour.js SANDBOX_URL REALM_ID REFRESH_TOKEN; prints {"step": null or what went wrong}.
'use strict'

const assert = require('node:assert/strict')
const { Readable } = require('node:stream')
const QuickBooks = require('node-quickbooks')

const [url, realmId, refreshToken] = process.argv.slice(2)
QuickBooks.V3_ENDPOINT_BASE_URL = `${url}/v3/company/`
QuickBooks.TOKEN_URL = `${url}/oauth2/v1/tokens/bearer`
QuickBooks.REVOKE_URL = `${url}/v2/oauth2/tokens/revoke`
QuickBooks.USER_INFO_URL = `${url}/v1/openid_connect/userinfo`

const qbo = new QuickBooks('sandbox', 'sandbox', null, false, realmId, true, false, 75, '2.0', refreshToken)

function call (name, ...given) {
  return new Promise((resolve, reject) => {
    qbo[name](...given, (error, data) => {
      if (!error) return resolve(data)
      reject(Object.assign(new Error(`${name} failed`), { answer: error.response ? error.response.data : error }))
    })
  })
}

async function refusal (promise) {
  try {
    await promise
  } catch (error) {
    if (!error.answer) throw error
    return error.answer.Fault.Error[0].code
  }
  throw new Error('it was not refused')
}

const line = (amount, code = 'NON') => ({
  Amount: amount,
  DetailType: 'SalesItemLineDetail',
  SalesItemLineDetail: { ItemRef: { value: '1' }, TaxCodeRef: { value: code } }
})

const newInvoice = async (amount = 100, more = {}) => {
  const customers = await call('findCustomers', { limit: 1 })
  const customer = customers.QueryResponse.Customer[0]
  return call('createInvoice', { CustomerRef: { value: customer.Id }, Line: [line(amount)], ...more })
}

const steps = {
  async 'refresh token for access token' () {
    const answer = await call('refreshAccessToken')
    assert.equal(answer.token_type, 'bearer')
    assert.equal(qbo.token, answer.access_token)
  },
  async 'user info' () {
    const user = await call('getUserInfo')
    assert.equal(user.email, 'owner@sandbox.invalid')
  },
  async 'company info and preferences' () {
    const company = await call('getCompanyInfo', realmId)
    assert.ok(company.CompanyName)
    const preferences = await call('getPreferences')
    assert.ok(preferences.CurrencyPrefs)
  },
  async 'create, read and update a customer' () {
    const created = await call('createCustomer', { DisplayName: "Nora's Nodes" })
    const read = await call('getCustomer', created.Id)
    assert.equal(read.DisplayName, "Nora's Nodes")
    const change = { Id: created.Id, SyncToken: created.SyncToken, CompanyName: 'Nodes Ltd' }
    const updated = await call('updateCustomer', change)
    assert.equal(updated.CompanyName, 'Nodes Ltd')
    assert.equal(updated.DisplayName, "Nora's Nodes")
    assert.equal(updated.SyncToken, '1')
  },
  async 'query by fields, text, order and page' () {
    for (const name of ['Query A', 'Query B', 'Query C']) await call('createCustomer', { DisplayName: name })
    const liked = await call('findCustomers', [
      { field: 'DisplayName', value: 'Query%', operator: 'LIKE' },
      { field: 'desc', value: 'DisplayName' },
      { field: 'limit', value: 2 }
    ])
    assert.deepEqual(liked.QueryResponse.Customer.map(one => one.DisplayName), ['Query C', 'Query B'])
    const quoted = await call('findCustomers', { DisplayName: "Nora's Nodes" })
    assert.equal(quoted.QueryResponse.Customer.length, 1)
    const none = await call('findCustomers', { DisplayName: 'Nobody' })
    assert.deepEqual(none.QueryResponse, {})
  },
  async 'count and fetch all pages' () {
    const count = await call('findCustomers', { count: true })
    const all = await call('findCustomers', { fetchAll: true, limit: 10 })
    assert.equal(all.QueryResponse.Customer.length, count.QueryResponse.totalCount)
  },
  async 'request id' () {
    const first = await newInvoice(100, { requestId: 'node-1' })
    const second = await newInvoice(100, { requestId: 'node-1' })
    assert.equal(first.Id, second.Id)
  },
  async 'pay an invoice and void the payment' () {
    const invoice = await newInvoice(40)
    const payment = await call('createPayment', {
      CustomerRef: invoice.CustomerRef,
      TotalAmt: 40,
      Line: [{ Amount: 40, LinkedTxn: [{ TxnId: invoice.Id, TxnType: 'Invoice' }] }]
    })
    assert.equal((await call('getInvoice', invoice.Id)).Balance, 0)
    await call('voidPayment', { Id: payment.Id, SyncToken: payment.SyncToken })
    assert.equal((await call('getInvoice', invoice.Id)).Balance, 40)
  },
  async 'void and delete an invoice' () {
    const invoice = await newInvoice()
    const voided = await call('voidInvoice', invoice.Id)
    assert.equal(voided.Invoice.TotalAmt, 0)
    const deleted = await call('deleteInvoice', invoice.Id)
    assert.equal(deleted.Invoice.status, 'Deleted')
    assert.equal(await refusal(call('getInvoice', invoice.Id)), '610')
  },
  async 'sales receipt' () {
    const receipt = await call('createSalesReceipt', { Line: [line(12.5)] })
    assert.equal(receipt.TotalAmt, 12.5)
  },
  async 'batch of operations and a query' () {
    const answer = await call('batch', [
      { bId: '1', operation: 'create', Customer: { DisplayName: 'Batch Node' } },
      { bId: '2', operation: 'create', Customer: { DisplayName: "Nora's Nodes" } },
      { bId: '3', Query: "select * from Customer where DisplayName = 'Query A'" }
    ])
    const items = Object.fromEntries(answer.BatchItemResponse.map(item => [item.bId, item]))
    assert.equal(items[1].Customer.DisplayName, 'Batch Node')
    assert.equal(items[2].Fault.Error[0].code, '6240')
    assert.equal(items[3].QueryResponse.Customer.length, 1)
  },
  async 'change data capture' () {
    const since = new Date(Date.now() - 3600 * 1000)
    const invoice = await newInvoice()
    await call('deleteInvoice', { Id: invoice.Id, SyncToken: invoice.SyncToken })
    const answer = await call('changeDataCapture', ['Customer', 'Invoice'], since)
    const [customers, invoices] = answer.CDCResponse[0].QueryResponse
    assert.ok(customers.Customer.some(one => one.DisplayName === "Nora's Nodes"))
    assert.equal(invoices.Invoice.find(one => one.Id === invoice.Id).status, 'Deleted')
  },
  async 'note and file attached' () {
    const invoice = await newInvoice()
    const entity = { EntityRef: { type: 'Invoice', value: invoice.Id } }
    const note = await call('createAttachable', { Note: 'A note', AttachableRef: [entity] })
    assert.equal((await call('getAttachable', note.Id)).Note, 'A note')
    const file = await call('upload', 'bill.txt', 'text/plain', Readable.from([Buffer.from('the bill')]), 'Invoice', invoice.Id)
    assert.equal(file.FileName, 'bill.txt')
    assert.equal(file.AttachableRef[0].EntityRef.value, invoice.Id)
    const read = await call('getAttachable', file.Id)
    assert.equal(read.Size, 8)
  },
  async 'exchange rate' () {
    await call('updateExchangeRate', { SourceCurrencyCode: 'EUR', Rate: 1.25, AsOfDate: '2026-01-02' })
    const answer = await call('getExchangeRate', { sourcecurrencycode: 'EUR', asofdate: '2026-01-03' })
    assert.equal(answer.ExchangeRate.Rate, 1.25)
  },
  async 'trial balance' () {
    const report = await call('reportTrialBalance', {})
    assert.equal(report.Header.ReportName, 'TrialBalance')
  },
  async 'refusals' () {
    assert.equal(await refusal(call('createCustomer', { DisplayName: "Nora's Nodes" })), '6240')
    assert.equal(await refusal(call('createCustomer', { DisplayName: 'X', Colour: 'red' })), '2010')
    assert.equal(await refusal(call('createInvoice', { Line: [line(1)] })), '2020')
  },
  async 'revoke' () {
    const token = qbo.token
    await call('revokeAccess', true)
    qbo.token = token
    qbo.realmId = realmId
    await assert.rejects(call('getCompanyInfo', realmId))
  }
}

async function main () {
  const results = {}
  for (const [name, step] of Object.entries(steps)) {
    try {
      await step()
      results[name] = null
    } catch (error) {
      results[name] = `${error.stack}\n${error.answer ? JSON.stringify(error.answer) : ''}`
    }
  }
  console.log(JSON.stringify(results))
}

main()
